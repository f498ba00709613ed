"""A session that is one of IPython's: its magics, history, displays and tracebacks, and the driver's ways out."""

import sys
import tempfile
import warnings

from IPython.core.displayhook import DisplayHook
from IPython.core.displaypub import DisplayPublisher
from IPython.core.formatters import DisplayFormatter
from IPython.core.interactiveshell import InteractiveShell
from IPython.core.magic import Magics, line_magic, magics_class
from IPython.utils.text import SList
from traitlets.config import Config, SingletonConfigurable
from traitlets import Bool, Dict, Set, Unicode, observe

from . import commands, display, forms, link

driver = link.driver


def start(queries):
    """Makes the shell, whose namespace is the session's."""
    # IPython's answer to `exit(3)`.
    warnings.filterwarnings("ignore", "To exit: use")
    config = Config()
    config.HistoryManager.enabled = False
    config.InteractiveShell.colors = "NoColor"
    shell = Shell.instance(config=config, user_module=sys.modules["__main__"], user_ns=queries.namespace)
    shell.loop_runner = queries.run_until_complete
    return shell


class Hook(DisplayHook):
    """The value of a query's last line comes without its number, as it would in Python."""

    def write_output_prompt(self):
        pass

    def finish_displayhook(self):
        pass

    def write_format_data(self, format_dict, md_dict=None):
        link.show(forms.of_bundle(format_dict))


class Publisher(DisplayPublisher):
    """What is displayed goes to the client."""

    def publish(self, data, metadata=None, source=None, *, transient=None, update=False, **_):
        link.show(forms.of_bundle(data), (transient or {}).get("display_id"), update)

    def clear_output(self, wait=False):
        """Clients have no way to take back what they were sent."""


class Formatter(DisplayFormatter):
    """Adds the forms that some objects have beyond their own."""

    def format(self, obj, include=None, exclude=None):
        bundle, metadata = super().format(obj, include=include, exclude=exclude)
        # An object that has shown itself has no forms.
        if bundle and not any(mime.startswith("image/") for mime in bundle):
            for mime, data in forms.foreign_forms(obj).items():
                if (not include or mime in include) and mime not in (exclude or ()):
                    bundle.setdefault(mime, data)
        return bundle, metadata


@magics_class
class OurMagics(Magics):
    """Those that know this interpreter."""

    @line_magic
    def pip(self, line):
        """Runs pip for this interpreter. What it installs can be imported at once."""
        import shlex
        commands.pip(*shlex.split(line))


class Shell(InteractiveShell):
    displayhook_class = Hook
    display_pub_class = Publisher
    # What became of the query, in the eyes of the traceback's printer.
    has_failed = was_interrupted = False

    def init_ipython_dir(self, ipython_dir):
        # Nothing is kept beyond the session, and the user's home may be read-only. The folder goes with the runner.
        self.ipython_dir = tempfile.mkdtemp(prefix="ipython-", dir=driver.MODULES)

    def init_virtualenv(self):
        """The interpreter is in its environment already."""

    def init_display_formatter(self):
        self.display_formatter = Formatter(parent=self)
        self.configurables.append(self.display_formatter)

    def init_builtins(self):
        super().init_builtins()
        import builtins
        builtins.display = display
        # Python's own end a query with their exit code.
        for name in ("exit", "quit"):
            self.builtin_trap.auto_builtins.pop(name, None)

    def init_user_ns(self):
        super().init_user_ns()
        for name in ("exit", "quit"):
            self.user_ns.pop(name, None)

    def init_magics(self):
        super().init_magics()
        self.register_magics(OurMagics)
        self.configurables.append(InlineBackend.instance(parent=self))

    def init_hooks(self):
        super().init_hooks()
        self.set_hook("show_in_pager", print_page, priority=0)

    def enable_matplotlib(self, gui=None):
        """Figures are shown to the client whatever is asked for: there is no other place."""
        if "matplotlib" in sys.modules:
            import matplotlib.pyplot
            matplotlib.pyplot.switch_backend("module://kernel_runner.matplotlib")
        return "inline", "module://kernel_runner.matplotlib"

    def enable_gui(self, gui=None):
        """There is no screen to have an event loop for."""

    def ask_exit(self):
        raise SystemExit

    def system(self, command):
        """Runs a command line for the sake of what it prints."""
        self.user_ns["_exit_code"] = commands.shell(self.var_expand(command, depth=1))

    def getoutput(self, command, split=True, depth=0):
        """What a command line prints, as a list of lines that has more to offer than others."""
        text, self.user_ns["_exit_code"] = commands.output_of(self.var_expand(command, depth=depth + 1))
        return SList(text.splitlines()) if split else text

    def run_cell_magic(self, magic_name, line, cell):
        count = driver.interrupts.count
        value = super().run_cell_magic(magic_name, line, cell)
        if driver.interrupts.count > count and not self.was_interrupted:
            # `%%bash` and its like end their child and keep that to themselves.
            raise KeyboardInterrupt
        return value

    def run(self, code):
        """Runs a query and returns its exit code."""
        if "\0" in code:
            raise ValueError("source code string cannot contain null bytes")
        if "_oh" not in self.user_ns:
            # The user's code has deleted everything.
            self.init_user_ns()
        self.has_failed = self.was_interrupted = False
        result = self.run_cell(code.replace("\r\n", "\n").lstrip("\ufeff"), store_history=True)
        error = result.error_before_exec or result.error_in_exec
        if isinstance(error, SystemExit):
            raise error
        if self.was_interrupted:
            return driver.INTERRUPTED
        return 0 if error is None and not self.has_failed else 1

    def showtraceback(self, exc_tuple=None, filename=None, tb_offset=None, exception_only=False, **options):
        kind, error, trace = self._get_exc_info(exc_tuple)
        is_cancelled = kind.__name__ == "CancelledError" and driver.queries.is_cancelling
        if issubclass(kind, SystemExit) or is_cancelled:
            return
        # A form that fails, whose error is handed over, is no failure of the query.
        self.has_failed |= exc_tuple is None
        self.was_interrupted |= issubclass(kind, KeyboardInterrupt)
        users = driver.without_driver(trace, ("IPython", "traitlets"))
        if users is not None:
            error.__traceback__, trace, tb_offset = users, users, 0
        super().showtraceback((kind, error, trace), filename, tb_offset, exception_only, **options)

    def _showtraceback(self, etype, evalue, stb):
        sys.stderr.write(self.InteractiveTB.stb2text(stb) + "\n")


def print_page(_shell, data, start=0, screen_lines=0, **_):
    """What IPython puts into a pager is printed."""
    print(data["text/plain"] if isinstance(data, dict) else data)


class InlineBackend(SingletonConfigurable):
    """What `%config InlineBackend` sets."""

    figure_format = Unicode("png", config=True, help="The format of figures: png, svg, jpeg, pdf or retina.")
    figure_formats = Set({"png"}, config=True, help="The formats of figures.")
    print_figure_kwargs = Dict({"bbox_inches": "tight"}, config=True, help="What `print_figure` is called with.")
    close_figures = Bool(True, config=True, help="Whether figures are closed when they are shown.")

    @observe("figure_format", "figure_formats", "print_figure_kwargs", "close_figures")
    def set_ours(self, change):
        from .matplotlib import settings
        setattr(settings, change["name"], change["new"])
