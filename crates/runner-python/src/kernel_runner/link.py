"""The way to the client: the session's link, or the display socket where there is no session."""

import os
import sys

# The driver of the session that this process is; a script has none.
driver = sys.modules.get("kernel_runner_driver")
# The forms of which the socket, which takes one, gets the first that is there.
BEST = ["text/html", "image/svg+xml", "image/png", "image/jpeg", "text/markdown", "text/latex", "application/json"]


def show(forms, name=None, is_update=False):
    """Shows something in its forms, pairs of a MIME type and bytes. Text alone is printed."""
    if not forms:
        return
    if name is None and [mime for mime, _ in forms] == ["text/plain"]:
        print(forms[0][1].decode("utf-8", "replace"))
    elif driver is not None and not driver.is_forked():
        driver.show(forms, name, is_update)
    elif "KERNEL_RUNNER_DISPLAY" in os.environ:
        send(*min(forms, key=lambda form: rank(form[0])))
    else:
        # There is nobody to look.
        text = dict(forms).get("text/plain", b"<%s>" % forms[0][0].encode())
        print(text.decode("utf-8", "replace"))


def rank(mime):
    if mime in BEST:
        return BEST.index(mime)
    return len(BEST) + (mime == "text/plain")


def send(mime, data):
    import socket
    sys.stdout.flush()
    with socket.socket(socket.AF_UNIX) as display:
        display.connect(os.environ["KERNEL_RUNNER_DISPLAY"])
        display.sendall(mime.encode() + b"\n" + data)
        display.shutdown(socket.SHUT_WR)
        display.recv(1)


def report(error):
    """Tells of an error that does not end the code."""
    if driver is not None:
        driver.queries.report(error)
    else:
        import traceback
        traceback.print_exception(type(error), error, error.__traceback__)
