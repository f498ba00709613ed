"""Completion for the driver: IPython's completer or jedi's when they are installed, else the standard library's.

The former two take seconds to import on a busy machine. They are imported beside, and until they are there the standard
library's answers, so that nobody waits.

Every suggestion is the full text of the token left of the cursor: `os.pa` becomes `os.path`.
"""

import _thread
import builtins
import keyword
import re
import sys

MOST = 1000
TOKEN = re.compile(r"[^\W\d]\w*(?:\.[^\W\d]\w*)*\.?$")
IMPORT = re.compile(r"^\s*(?:from|import)\s+(?:[\w.]+\s*,\s*)*([\w.]*)$")
OPEN_STRING = re.compile(r"""(?:^|[^\w'"])[rbuf]{0,2}(['"])[^'"]*$""")


# The completers that are there, the best one first.
completers = []


def load():
    for make in (ipython, jedi):
        try:
            completers.insert(len(completers) - 1, make())
        except Exception:
            pass  # It is not installed, or too old.


def complete(before, after, namespace):
    line = before.rpartition("\n")[2]
    token = TOKEN.search(before)
    token = token.group() if token else ""
    string = OPEN_STRING.search(line)
    if string and line.count(string.group(1)) % 2:
        return []  # The runner completes the names of files.
    for completer in list(completers):
        try:
            found = completer(before, after, token, namespace)
        except Exception:
            continue
        if found:
            return tidy(found)
    return []


def tidy(found):
    unique = {text.rstrip("("): None for text in found}
    return sorted(unique, key=lambda text: (text.rpartition(".")[2].startswith("_"), text))[:MOST]


def ipython():
    from IPython.core.completer import IPCompleter, provisionalcompleter

    class Completer(IPCompleter):
        def magic_matches(self, text):
            # Magics belong to IPython's shell, and there is none here.
            return []

    def with_ipython(before, after, token, namespace):
        completer = Completer(namespace=namespace, global_namespace=namespace)
        with provisionalcompleter():
            found = [c for c in completer.completions(before + after, len(before)) if c.type != "magic"]
        return [joined(before[c.start:len(before)], c.text, token) for c in found]

    return with_ipython


def jedi():
    from jedi import Interpreter

    def with_jedi(before, after, token, namespace):
        rows = before.split("\n")
        found = Interpreter(before + after, [namespace]).complete(len(rows), len(rows[-1]))
        return [token[:len(token) - len(token.rpartition(".")[2])] + completion.name for completion in found]

    return with_jedi


def joined(replaced, text, token):
    """`text` replaces the end of the token, or stands for all of it."""
    if token.endswith(replaced):
        return token[:len(token) - len(replaced)] + text
    return text


def by_hand(before, after, token, namespace):
    imported = IMPORT.match(before.rpartition("\n")[2])
    if imported:
        return modules(imported.group(1))
    owner, dot, start = token.rpartition(".")
    if dot:
        names = dir(value_of(owner, namespace))
        return [owner + "." + name for name in names if name.startswith(start) and (start or name[:1] != "_")]
    if not start:
        return []
    known = set(namespace) | set(dir(builtins)) | set(keyword.kwlist) | set(re.findall(r"[^\W\d]\w+", before)[:-1])
    return [name for name in known if name.startswith(start)]


def value_of(path, namespace):
    name, *attributes = path.split(".")
    value = namespace[name] if name in namespace else getattr(builtins, name)
    for attribute in attributes:
        value = getattr(value, attribute)
    return value


def modules(start):
    owner, dot, _ = start.rpartition(".")
    if dot:
        import importlib
        import pkgutil
        found = pkgutil.iter_modules(importlib.import_module(owner).__path__)
        names = [owner + "." + module.name for module in found]
    else:
        import pkgutil
        names = list(sys.builtin_module_names) + [module.name for module in pkgutil.iter_modules()]
        names += getattr(sys, "stdlib_module_names", [])
    return [name for name in names if name.startswith(start)]


completers.append(by_hand)
_thread.start_new_thread(load, ())
