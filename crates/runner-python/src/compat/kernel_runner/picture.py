"""What a canvas of `kernel_runner.window` looks like, drawn with `kernel_runner.drawing`.

Clients draw lines of one width, circles, rectangles and triangles. Everything else is made of those: a wide line of
rectangles with circles between them, an area of rows of pixels, and a letter of strokes.
"""

import math
from contextlib import contextmanager

from .drawing import Canvas, Color
from .lettering import Text
from .x11colors import rgb_of

# The width of the clients' lines. No pen is finer.
LINE_WIDTH = 2
# A picture of at most so many steps appears step by step.
STEPS = 100
# The size of `turtle`'s canvas, unless a program chooses another.
CANVAS = 400, 300
CLEAR, WHITE = "#ffffff00", "#ffffff"


def of(window):
    """The picture of a window's canvas; None when there is nothing to see."""
    items = [item for item in window.items.values() if is_visible(item)]
    background = hex_of(window.cget("bg") or "white")
    return Picture(window, items, background) if items or background != WHITE else None


def is_visible(item):
    return any(item.options.get(name) for name in ("fill", "outline"))


def bounds(item):
    """The box around an item: left, top, right and bottom."""
    xs, ys = item.coords[0::2], item.coords[1::2]
    if item.kind != "text":
        return min(xs), min(ys), max(xs), max(ys)
    text = text_of(item)
    left, top = text.corner(xs[0], ys[0])
    return left, top, left + text.width, top + text.height


def text_of(item):
    return Text(item.options.get("text", ""), item.options.get("font"), item.options.get("anchor", "center"))


def hex_of(color):
    return "#%02x%02x%02x" % rgb_of(color)


def width_of(item):
    return max(float(item.options.get("width", 1)), LINE_WIDTH)


class Picture:
    """Calls of a `Canvas`, which can be compared before they are made."""

    def __init__(self, window, items, background):
        left, top, right, bottom = map(int, window.cget("scrollregion") or (0, 0, 0, 0))
        self.width = extent(window.winfo_width(), right - left, CANVAS[0])
        self.height = extent(window.winfo_height(), bottom - top, CANVAS[1])
        # The middle of the canvas is in the middle of the window.
        self.origin = (self.width - left - right) / 2, (self.height - top - bottom) / 2
        self.background = background
        self.calls = []
        steps = sum(len(item.coords) // 2 if item.kind == "line" else 1 for item in items)
        # Whether what is added is a step of its own.
        self.is_stepping = steps <= STEPS
        if not self.is_stepping:
            self.add("stop_animation")
        for item in items:
            getattr(self, "add_" + item.kind)(item, self.points(item))

    def __eq__(self, other):
        return isinstance(other, Picture) and vars(self) == vars(other)

    def show(self):
        canvas = Canvas(self.width, self.height, bgcolor=Color.from_hex(self.background))
        for method, arguments in self.calls:
            arguments = [Color.from_hex(value) if isinstance(value, str) else value for value in arguments]
            getattr(canvas, method)(*arguments)
        canvas.show()

    def add(self, method, *arguments):
        self.calls.append((method, [value if isinstance(value, str) else near(value) for value in arguments]))

    @contextmanager
    def step(self):
        """All that is added meanwhile appears in one step."""
        was_stepping, self.is_stepping = self.is_stepping, False
        if was_stepping:
            self.add("begin_group")
        yield
        if was_stepping:
            self.add("end_group")
        self.is_stepping = was_stepping

    def points(self, item):
        left, top = self.origin
        return [(x + left, y + top) for x, y in zip(item.coords[0::2], item.coords[1::2])]

    def add_line(self, item, points):
        self.add_stroke(points, hex_of(item.options["fill"]), width_of(item))

    def add_polygon(self, item, points):
        with self.step():
            if item.options.get("fill"):
                self.add_area(points, hex_of(item.options["fill"]))
            if item.options.get("outline"):
                self.add_stroke(points + points[:1], hex_of(item.options["outline"]), width_of(item))

    def add_text(self, item, points):
        text = text_of(item)
        with self.step():
            for stroke in text.strokes(*points[0]):
                self.add_stroke(stroke, hex_of(item.options["fill"]), text.thickness)

    def add_stroke(self, points, color, width):
        """A line through the points. A wide one has round ends and corners."""
        is_wide = width > 1.25 * LINE_WIDTH
        if is_wide or len(set(points)) == 1:
            self.add_dot(points[0], width, color)
        for start, end in zip(points, points[1:]):
            if start == end:
                continue
            if is_wide:
                with self.step():
                    self.add_bar(start, end, width, color)
                    self.add_dot(end, width, color)
            elif width < 0.75 * LINE_WIDTH:
                self.add_bar(start, end, width, color)
            else:
                self.add("line", *start, *end, color)

    def add_dot(self, center, width, color):
        self.add("circle", *center, width / 2, CLEAR, color)

    def add_bar(self, start, end, width, color):
        (x1, y1), (x2, y2) = start, end
        length, angle = math.hypot(x2 - x1, y2 - y1), math.degrees(math.atan2(y2 - y1, x2 - x1))
        self.add("rectangle", (x1 + x2) / 2, (y1 + y2) / 2, length, width, CLEAR, color, angle)

    def add_area(self, corners, color):
        """Fills what an odd number of edges surrounds, row by row of pixels; those that are alike are one rectangle."""
        crossings = {}
        for start, end in zip(corners, corners[1:] + corners[:1]):
            (x1, y1), (x2, y2) = sorted([start, end], key=lambda point: point[1])
            for row in range(max(0, math.ceil(y1 - 0.5)), min(self.height, math.ceil(y2 - 0.5))):
                crossings.setdefault(row, []).append(x1 + (row + 0.5 - y1) * (x2 - x1) / (y2 - y1))
        first, spans = 0, []
        for row in range(min(crossings, default=0), max(crossings, default=0) + 2):
            here = self.spans(crossings.get(row, []))
            if here != spans:
                for left, right in spans:
                    center = (left + right) / 2, (first + row) / 2
                    self.add("rectangle", *center, right - left, row - first, CLEAR, color)
                first, spans = row, here

    def spans(self, crossings):
        """The pixels of a row between its crossings with edges."""
        ends = [near(min(max(0, x), self.width)) for x in sorted(crossings)]
        return [(left, right) for left, right in zip(ends[0::2], ends[1::2]) if left < right]


def extent(window, canvas, least):
    """How far a picture reaches: over the window, and a canvas that was made larger than that as well."""
    return max(window, canvas) if canvas > least else window


def near(number):
    """The number to a hundredth, short in text."""
    number = round(number, 2)
    return int(number) if number == int(number) else number
