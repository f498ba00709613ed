"""Records of output, and `emit()`, which sends one in order with what is printed. A session has it as `_sorna_emit`."""

import base64
import json
import sys
from collections import namedtuple

from . import link

DRAWING = "application/x-sorna-drawing"


def record(name, **fields):
    """A named tuple whose fields have these values where nothing else is given."""
    kind = namedtuple(name, list(fields))
    kind.__new__.__defaults__ = tuple(fields.values())
    kind.__module__ = __name__
    return kind


ConsoleRecord = record("ConsoleRecord", target="stdout", data="")
MediaRecord = record("MediaRecord", type=None, data=None)
HTMLRecord = record("HTMLRecord", html=None)
InputRequest = record("InputRequest", is_password=False)
ControlRecord = record("ControlRecord", event=None)


class CompletionRecord(record("CompletionRecord", matches=None)):
    __slots__ = ()

    def __new__(cls, matches=None):
        return super().__new__(cls, [] if matches is None else matches)


def emit(record):
    """Sends a record, or a pair of bytes: its kind (`stdout`, `stderr`, `html` or `media`) and its payload."""
    # Another package's record of the same fields is as good.
    fields = getattr(record, "_fields", None)
    if fields == ConsoleRecord._fields:
        emit_text(*record)
    elif fields == MediaRecord._fields:
        emit_media(*record)
    elif fields == HTMLRecord._fields:
        emit_media("text/html", record.html)
    elif isinstance(record, tuple) and [type(part) for part in record] == [bytes, bytes]:
        emit_payload(record[0].decode("ascii", "replace"), record[1].decode("utf-8", "replace"))
    else:
        raise TypeError("only console, media and HTML records can be sent, and not %r" % (record,))


def emit_payload(kind, text):
    if kind == "html":
        emit_media("text/html", text)
    elif kind == "media":
        emit_media(**json.loads(text))
    else:
        emit_text(kind, text)


def emit_text(target, data):
    if target not in ("stdout", "stderr"):
        raise ValueError("text goes to stdout or stderr, and not to %r" % (target,))
    getattr(sys, target).write(data.decode("utf-8", "replace") if isinstance(data, bytes) else data)


def emit_media(type, data):
    """Binary media may come in a `data:` URL."""
    is_text = type.startswith("text/") or type.endswith("+xml")
    if isinstance(data, str) and data.startswith("data:") and ";base64," in data and not is_text:
        data = base64.b64decode(data.partition(";base64,")[2])
    link.show([(type, data.encode("utf-8", "replace") if isinstance(data, str) else bytes(data))])
