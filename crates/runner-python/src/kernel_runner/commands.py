"""Commands that the session runs as children, and packages that are installed by them."""

import importlib
import os
import site
import subprocess
import sys


def call(arguments, **options):
    """Runs a command; what it prints comes as it is printed. Returns its exit code."""
    sys.stdout.flush()
    try:
        return subprocess.call(arguments, **options)
    except KeyboardInterrupt:
        raise KeyboardInterrupt from None
    finally:
        notice()


def shell(command):
    """Runs a command line, as `!` does."""
    return call(command, shell=True, executable=bash())


def output_of(command):
    """The text that a command line prints, and its exit code."""
    sys.stdout.flush()
    child = subprocess.Popen(command, shell=True, executable=bash(), stdout=subprocess.PIPE)
    try:
        text = child.communicate()[0].decode("utf-8", "replace")
    except KeyboardInterrupt:
        child.wait()
        raise KeyboardInterrupt from None
    notice()
    return text, child.returncode


def bash():
    """The shell that people have in mind; None, which is `sh`, where it is not installed."""
    return next((path for path in ("/bin/bash", "/usr/bin/bash") if os.path.exists(path)), None)


def pip(*arguments):
    """Runs pip for this interpreter, and returns its exit code. What it installs can be imported at once."""
    # A distribution's Python refuses otherwise; in a kernel's container nobody else depends on it.
    environment = dict(os.environ, PIP_BREAK_SYSTEM_PACKAGES="1", PIP_DISABLE_PIP_VERSION_CHECK="1")
    return call([sys.executable, "-m", "pip"] + list(arguments), env=environment)


def notice():
    """Makes what was installed since the start importable."""
    importlib.invalidate_caches()
    # Python leaves the user's own folder out when it is not there at the start.
    folder = site.getusersitepackages() if site.ENABLE_USER_SITE is not False else ""
    if os.path.isdir(folder) and folder not in sys.path:
        site.addsitedir(folder)
