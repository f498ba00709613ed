"""The forms that an object has for those who look at it, by MIME types."""

import inspect
import json
import re
import sys
from binascii import Error, a2b_base64

from . import link

METHODS = {
    "text/html": "_repr_html_",
    "text/markdown": "_repr_markdown_",
    "image/svg+xml": "_repr_svg_",
    "image/png": "_repr_png_",
    "image/jpeg": "_repr_jpeg_",
    "application/pdf": "_repr_pdf_",
    "text/latex": "_repr_latex_",
    "application/json": "_repr_json_",
    "application/javascript": "_repr_javascript_",
}
MIME_TYPE = re.compile(r"(application|audio|font|image|message|model|multipart|text|video)/[\w.+-]+(;.*)?$")
# What is base64 where it is given as text.
BINARY = re.compile(r"(image/(?!svg)|audio/|video/|font/|application/pdf|application/octet-stream)")


def show_rich(value):
    """Shows what has more forms than text; returns whether it had."""
    if shows_itself(value):
        return True
    if isinstance(value, type):
        return False
    rich = rich_forms(value)
    if not rich:
        return False
    link.show(encoded(with_text(rich, value)))
    return True


def shows_itself(value):
    """Whether the object has a way of its own to be shown, which is then gone."""
    method = method_of(value, "_ipython_display_")
    if method is None:
        return False
    try:
        method()
        return True
    except NotImplementedError:
        return False
    except Exception as error:
        link.report(error)
        return True


def of(value, include=None, exclude=None):
    """All forms of an object, text last."""
    shell = link.driver.queries.shell if link.driver is not None else None
    if shell is not None:
        bundle = shell.display_formatter.format(value, include, exclude)[0]
    else:
        bundle = with_text(rich_forms(value, include, exclude), value)
        bundle = {mime: data for mime, data in bundle.items()
                  if (not include or mime in include) and mime not in (exclude or ())}
    return encoded(bundle)


def of_bundle(bundle):
    """The forms that are in a dictionary."""
    return encoded(bundle)


def rich_forms(value, include=None, exclude=None):
    """The forms beyond text. One that fails is told about, and the others are taken."""
    bundle = {}
    method = method_of(value, "_repr_mimebundle_")
    if method is not None:
        found = attempt(method, include=include, exclude=exclude)
        found = found[0] if isinstance(found, tuple) else found
        bundle.update(found or {})
    for mime, name in METHODS.items():
        method = method_of(value, name) if mime not in bundle else None
        if method is not None:
            found = attempt(method)
            found = found[0] if isinstance(found, tuple) else found
            if found is not None:
                bundle[mime] = found
    for mime, found in foreign_forms(value).items():
        bundle.setdefault(mime, found)
    return bundle


def foreign_forms(value):
    """Those of objects that do not know of them themselves."""
    for kind in type(value).__mro__:
        make = FOREIGN.get((str(kind.__module__).partition(".")[0], kind.__name__))
        if make is not None:
            return attempt(make, value) or {}
    return {}


def with_text(bundle, value):
    if "text/plain" in bundle:
        return bundle
    text = attempt(repr, value)
    return bundle if text is None else dict(bundle, **{"text/plain": text})


def attempt(function, *arguments, **options):
    """What the object's own code returns; None when it fails, which is told."""
    try:
        return function(*arguments, **options)
    except NotImplementedError:
        return None
    except Exception as error:
        link.report(error)
        return None


def method_of(value, name):
    """The object's method of that name. Classes have none, nor have objects that claim to have every attribute."""
    try:
        if inspect.isclass(value) or callable(getattr(value, "_kernel_runner_has_no_such_method_", None)):
            return None
        method = getattr(value, name, None)
    except Exception:
        return None
    return method if callable(method) else None


def encoded(bundle):
    """The forms as pairs of a MIME type and bytes."""
    forms = []
    for mime, data in bundle.items():
        try:
            forms.append((mime, to_bytes(mime, data)))
        except (TypeError, ValueError) as error:
            sys.stderr.write("%s is left out: %s\n" % (mime, error))
    return forms


def to_bytes(mime, data):
    if isinstance(data, (bytes, bytearray, memoryview)):
        return bytes(data)
    if isinstance(data, str) and BINARY.match(mime):
        try:
            return a2b_base64(data)
        except Error:
            pass  # It is what it is.
    if isinstance(data, str):
        return data.encode("utf-8", "replace")
    if mime == "application/json" or mime.endswith("+json") or mime.startswith("application/x-"):
        return json.dumps(data).encode()
    raise TypeError("it is %s, and not text" % type(data).__name__)


def numpy_table(array):
    """An array of one or two dimensions as a table, as far as numpy itself would print it."""
    if array.ndim not in (1, 2) or array.dtype.names or array.size == 0:
        return {}
    import numpy
    from html import escape
    options = numpy.get_printoptions()
    edge = options["edgeitems"] if array.size > options["threshold"] else max(array.shape)

    def ends(length):
        """The indices that are shown, None for those between."""
        if length <= 2 * edge:
            return list(range(length))
        return list(range(edge)) + [None] + list(range(length - edge, length))

    rows = array.reshape(1, -1) if array.ndim == 1 else array
    text = {"float_kind": lambda number: "%.*g" % (options["precision"], number)}

    def cell(row, column):
        if row is None or column is None:
            return "&hellip;"
        value = rows[row, column]
        return escape(str(value) if array.dtype.kind not in "fc" else numpy.array2string(value, formatter=text))

    lines = ["<tr>%s</tr>" % "".join("<td>%s</td>" % cell(row, column) for column in ends(rows.shape[1]))
             for row in ends(rows.shape[0])]
    return {"text/html": "<table>\n%s\n</table>" % "\n".join(lines)}


def pandas_series(series):
    frame = series.to_frame("" if series.name is None else series.name)
    return {"text/html": frame._repr_html_()}


def matplotlib_figure(figure):
    from .matplotlib import picture
    return picture(figure)


# By the package that their class is from, and its name.
FOREIGN = {
    ("numpy", "ndarray"): numpy_table,
    ("pandas", "Series"): pandas_series,
    ("matplotlib", "Figure"): matplotlib_figure,
}
