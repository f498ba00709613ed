"""The standard library's `turtle`, with `kernel_runner.window` for `tkinter`: its window is a picture."""

import os
import sys
from importlib.machinery import PathFinder
from importlib.util import module_from_spec

from kernel_runner import window

name = "turtle"
spec = PathFinder.find_spec(name, [os.path.dirname(os.__file__)])
if spec is None:
    raise ModuleNotFoundError("this Python comes without the standard library's module %r" % name, name=name)
module = sys.modules[name] = module_from_spec(spec)
with window.in_place_of_tkinter():
    spec.loader.exec_module(module)
