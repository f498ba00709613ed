"""The part of tkinter that the standard library's `turtle` uses, for a window that is a picture.

It is shown when the window closes, before a dialog, and at the end of a query or of the program, if it has changed
since it was last shown. There are no events. What else a window can be told, it takes, and nothing comes of it.
"""

import atexit
import builtins
import contextlib
import heapq
import itertools
import os
import re
import sys

from . import picture
from .link import driver
from .x11colors import rgb_of

SCREEN = 1600, 1000
# Timers run without waiting, as long in their own time, in milliseconds. One that is due at once waits a little.
TIME = 10000
LEAST_DELAY = 10

HORIZONTAL, ROUND, SUNKEN = "horizontal", "round", "sunken"

# The canvases that have changed since they were shown, in that order.
changed = {}


@contextlib.contextmanager
def in_place_of_tkinter():
    """What is imported meanwhile gets this module for `tkinter`."""
    ours = {"tkinter": sys.modules[__name__], "tkinter.simpledialog": simpledialog}
    theirs = {name: sys.modules.get(name) for name in ours}
    sys.modules.update(ours)
    try:
        yield
    finally:
        for name, module in theirs.items():
            if module is None:
                del sys.modules[name]
            else:
                sys.modules[name] = module


def finish():
    """Shows what has changed; returns the exit code of that."""
    for canvas in list(changed):
        canvas.show()
    return 0


if driver is None:
    atexit.register(finish)


class TclError(Exception):
    """What tkinter raises for a value that makes no sense."""


class Widget:
    """Something in a window."""

    def __init__(self, master=None, **options):
        self.master = master
        self.tk = self if master is None else master.tk
        self.options = options

    def __getattr__(self, name):
        if name.startswith("_"):
            raise AttributeError("%r object has no attribute %r" % (type(self).__name__, name))
        return lambda *arguments, **options: None

    def __getitem__(self, name):
        return self.options.get(name, "")

    def __setitem__(self, name, value):
        self.configure(**{name: value})

    def cget(self, name):
        return self[name]

    def configure(self, **options):
        self.options.update(options)

    def config(self, **options):
        self.configure(**options)

    def winfo_toplevel(self):
        return self.tk

    def winfo_width(self):
        return self.tk.width

    def winfo_height(self):
        return self.tk.height

    def winfo_rgb(self, color):
        try:
            return tuple(part * 257 for part in rgb_of(color))
        except ValueError as error:
            raise TclError(str(error)) from None

    def after(self, delay, function=None, *arguments):
        """Calls the function later, in `mainloop`. Without one it is a pause, and those are not waited for."""
        if function is not None:
            self.tk.add_timer(max(delay, LEAST_DELAY), lambda: function(*arguments))

    def after_idle(self, function, *arguments):
        self.after(0, function, *arguments)

    def mainloop(self):
        self.tk.run()


Frame = Scrollbar = Widget


class Tk(Widget):
    """The window itself."""

    newest = None

    def __init__(self):
        super().__init__()
        self.width, self.height = SCREEN
        self.timers, self.order, self.now = [], itertools.count(), 0
        self.on_close = self.destroy
        Tk.newest = self

    def winfo_screenwidth(self):
        return SCREEN[0]

    def winfo_screenheight(self):
        return SCREEN[1]

    def geometry(self, text):
        size = re.match(r"(\d+)x(\d+)", text)
        if size:
            self.width, self.height = map(int, size.groups())

    def wm_protocol(self, name, function):
        if name == "WM_DELETE_WINDOW":
            self.on_close = function

    def add_timer(self, delay, function):
        heapq.heappush(self.timers, (self.now + delay, next(self.order), function))

    def run(self):
        """Runs the timers, and closes the window: nobody else would."""
        end = self.now + TIME
        while self.timers and self.timers[0][0] <= end:
            self.now, _, function = heapq.heappop(self.timers)
            function()
        del self.timers[:]
        self.on_close()

    def destroy(self):
        """The next window is a new one. In a session, that is no reason to end the program."""
        finish()
        screen = getattr(sys.modules[type(self).__module__], "TurtleScreen", None)
        if screen is not None:
            screen._RUNNING = True


def mainloop():
    if Tk.newest is not None:
        Tk.newest.run()


class Item:
    """Something on a canvas, a line for example."""

    def __init__(self, kind, coords, options):
        self.kind, self.coords, self.options = kind, coords, options


class Canvas(Widget):
    """Items, from the lowest to the topmost."""

    def __init__(self, master=None, **options):
        super().__init__(master, **options)
        self.items, self.count, self.shown = {}, 0, None

    def change(self):
        changed[self] = True

    def show(self):
        """Shows the picture, unless it looks as it did before, or is empty."""
        changed.pop(self, None)
        drawing = picture.of(self)
        if drawing not in (self.shown, None):
            self.shown = drawing
            drawing.show()

    def configure(self, **options):
        super().configure(**options)
        self.change()

    def create(self, kind, coords, options):
        self.change()
        self.count += 1
        self.items[self.count] = Item(kind, flat(coords), options)
        return self.count

    def create_line(self, *coords, **options):
        return self.create("line", coords, options)

    def create_polygon(self, *coords, **options):
        return self.create("polygon", coords, options)

    def create_text(self, *coords, **options):
        return self.create("text", coords, options)

    def create_image(self, *coords, **options):
        return self.create("image", coords, options)

    def delete(self, *items):
        self.change()
        for item in items:
            if item == "all":
                self.items.clear()
            self.items.pop(item, None)

    def coords(self, item, *coords):
        if not coords:
            return list(self.items[item].coords) if item in self.items else []
        if item in self.items:
            self.change()
            self.items[item].coords = flat(coords)

    def itemconfigure(self, item, **options):
        if item in self.items:
            self.change()
            self.items[item].options.update(options)

    def itemconfig(self, item, **options):
        self.itemconfigure(item, **options)

    def itemcget(self, item, name):
        return self.items[item].options.get(name, "") if item in self.items else ""

    def tag_raise(self, item):
        if item in self.items:
            self.change()
            self.items[item] = self.items.pop(item)

    def tag_lower(self, item):
        if item in self.items:
            self.change()
            self.items = dict([(item, self.items.pop(item))] + list(self.items.items()))

    def find_all(self):
        return tuple(self.items)

    def type(self, item):
        return self.items[item].kind if item in self.items else None

    def bbox(self, item):
        return picture.bounds(self.items[item])


def flat(coords):
    """Coordinates may come as numbers, or as one sequence of them."""
    return list(coords[0] if len(coords) == 1 else coords)


class PhotoImage(Widget):
    """An image, which has no place in a drawing."""

    def __init__(self, file=None, master=None, **options):
        if file is not None and not os.path.isfile(file):
            raise TclError("couldn't open \"%s\": no such file or directory" % file)
        super().__init__(master, **options)


class simpledialog:
    """Dialogs, which ask where the program's other input comes from."""

    @staticmethod
    def askstring(title, prompt, **_):
        finish()
        try:
            return builtins.input("%s: %s " % (title, prompt))
        except EOFError:
            return None

    @staticmethod
    def askfloat(title, prompt, initialvalue=None, minvalue=None, maxvalue=None, **_):
        while True:
            text = simpledialog.askstring(title, prompt)
            if text is None:
                return None
            try:
                value = float(text) if text.strip() or initialvalue is None else float(initialvalue)
            except ValueError:
                print("Not a floating point value.")
                continue
            if minvalue is not None and value < minvalue:
                print("The allowed minimum value is %s." % minvalue)
            elif maxvalue is not None and value > maxvalue:
                print("The allowed maximum value is %s." % maxvalue)
            else:
                return value
