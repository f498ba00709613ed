"""A backend for matplotlib that shows figures to the client: on `plt.show()`, and at the end of a query.

matplotlib finds it as `module://kernel_runner.matplotlib`, which `MPLBACKEND` names.
"""

import os
import time
from io import BytesIO

from matplotlib._pylab_helpers import Gcf
from matplotlib.backend_bases import FigureManagerBase
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from . import forms, link

MIME_TYPES = {"png": "image/png", "svg": "image/svg+xml", "jpeg": "image/jpeg", "jpg": "image/jpeg",
              "pdf": "application/pdf", "retina": "image/png"}


class InlineBackend:
    """What `%config InlineBackend` sets: the names are those of Jupyter."""

    figure_formats = {"png"}
    print_figure_kwargs = {"bbox_inches": "tight"}
    close_figures = True

    @property
    def figure_format(self):
        return sorted(self.figure_formats)[0]

    @figure_format.setter
    def figure_format(self, name):
        self.set_formats([name])

    def set_formats(self, names):
        unknown = [name for name in names if name not in MIME_TYPES]
        if unknown or not names:
            raise ValueError("figure_format is one of %s" % ", ".join(sorted(MIME_TYPES)))
        self.figure_formats = set(names)


settings = InlineBackend()
try:
    settings.set_formats([os.environ.get("KERNEL_RUNNER_PYTHON_FIGURES", "png")])
except ValueError as error:
    link.report(error)
# The figures that this query has displayed by itself, and that its end need not show again.
displayed = []


class FigureCanvas(FigureCanvasAgg):
    """A canvas that nobody can click on."""

    def start_event_loop(self, timeout=0):
        time.sleep(max(timeout, 0))


class FigureManager(FigureManagerBase):
    def show(self):
        show_figure(self.canvas.figure)


def new_figure_manager(num, *args, FigureClass=Figure, **kwargs):
    return new_figure_manager_given_figure(num, FigureClass(*args, **kwargs))


def new_figure_manager_given_figure(num, figure):
    return FigureManager(FigureCanvas(figure), num)


def show(*_, block=None, **__):
    """Shows all figures, the oldest first, and closes them.

    What is not to block, such as `plt.pause`, leaves that to the end of the query, or of the script.
    """
    if block is not False:
        show_except([])
    elif link.driver is None:
        import atexit
        atexit.unregister(show)
        atexit.register(show)


def finish():
    """Shows what is left at the end of a query. Returns the query's exit code."""
    try:
        show_except(displayed)
    finally:
        del displayed[:]
    return 0


def show_except(figures):
    for manager in sorted(Gcf.get_all_fig_managers(), key=lambda manager: manager.num):
        # Backends that only write files, such as Agg, have the plain kind. Others have windows of their own.
        if type(manager) not in (FigureManager, FigureManagerBase):
            continue
        try:
            if not any(manager.canvas.figure is figure for figure in figures):
                show_figure(manager.canvas.figure)
        finally:
            if settings.close_figures:
                Gcf.destroy(manager.num)


def show_figure(figure):
    found = forms.of(figure)
    # Text alone is no picture: there is nothing on it, or it could not be drawn, which was told.
    if any(mime != "text/plain" for mime, _ in found):
        link.show(found)


def picture(figure):
    """The forms of a figure; none where there is nothing on it."""
    displayed.append(figure)
    if not figure.axes and not figure.lines:
        return {}
    return {MIME_TYPES[name]: drawn(figure, name) for name in sorted(settings.figure_formats)}


def drawn(figure, name):
    options = {"dpi": figure.dpi, "facecolor": figure.get_facecolor(), "edgecolor": figure.get_edgecolor()}
    options.update(settings.print_figure_kwargs)
    if name == "retina":
        name, options["dpi"] = "png", 2 * figure.dpi
    file = BytesIO()
    figure.canvas.print_figure(file, format=name, **options)
    data = file.getvalue()
    return data.decode() if name == "svg" else data
