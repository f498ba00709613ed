"""A canvas of lines, circles, rectangles and triangles, a simple turtle on it, and colors.

What is drawn waits until `Canvas.update()` or `show()` sends it. The client draws it step by step; the canvas stays, and
a later update goes on with it.
"""

import enum
import json
import math
import numbers
import struct

from .records import DRAWING, MediaRecord, emit

__all__ = ("Canvas", "Color", "Colors", "Turtle", "Vec2D")


class Color:
    """Red, green, blue and alpha, from 0 to 255 each."""

    def __init__(self, red, green, blue, alpha=255):
        self.red, self.green, self.blue, self.alpha = red, green, blue, alpha

    @staticmethod
    def from_hex(value):
        """`#rrggbbaa`, or `#rrggbb` for one that is opaque."""
        digits = value.replace("#", "")
        return Color(*(int(digits[start:start + 2], 16) for start in range(0, min(len(digits), 8), 2)))

    @staticmethod
    def from_rgba(value):
        """A sequence of the numbers."""
        return Color(*value)

    @staticmethod
    def from_bytes(value):
        return Color(*struct.unpack("4B", value))

    def to_hex(self, include_alpha=True):
        digits = "#%02x%02x%02x" % (self.red, self.green, self.blue)
        return digits + "%02x" % self.alpha if include_alpha else digits

    def to_bytes(self):
        return struct.pack("4B", self.red, self.green, self.blue, self.alpha)

    def to_rgba(self):
        """As programs know it: without the alpha."""
        return "rgba(%s,%s,%s)" % (self.red, self.green, self.blue)


class Colors(Color, enum.Enum):
    """The colors that have a name."""

    Transparent = (255, 255, 255, 0)
    Black = (0, 0, 0, 255)
    Gray = (128, 128, 128, 255)
    White = (255, 255, 255, 255)
    Red = (255, 0, 0, 255)
    Green = (0, 255, 0, 255)
    Blue = (0, 0, 255, 255)
    Yellow = (255, 255, 0, 255)
    Magenta = (255, 0, 255, 255)
    Cyan = (0, 255, 255, 255)


class Vec2D(tuple):
    """A vector of two numbers."""

    def __new__(cls, x, y):
        return tuple.__new__(cls, (x, y))

    def __getnewargs__(self):
        return tuple(self)

    def __add__(self, other):
        return Vec2D(self[0] + other[0], self[1] + other[1])

    def __sub__(self, other):
        return Vec2D(self[0] - other[0], self[1] - other[1])

    def __neg__(self):
        return Vec2D(-self[0], -self[1])

    def __mul__(self, other):
        """By a number, or the inner product with a vector."""
        if isinstance(other, Vec2D):
            return self[0] * other[0] + self[1] * other[1]
        return Vec2D(self[0] * other, self[1] * other)

    def __rmul__(self, number):
        if isinstance(number, (int, float)):
            return Vec2D(self[0] * number, self[1] * number)
        return NotImplemented

    def __abs__(self):
        return math.sqrt(self[0] ** 2 + self[1] ** 2)

    def rotate(self, angle):
        """The vector turned counterclockwise by `angle` degrees."""
        cosine, sine = math.cos(math.radians(angle)), math.sin(math.radians(angle))
        return Vec2D(self[0] * cosine - self[1] * sine, self[1] * cosine + self[0] * sine)

    def __repr__(self):
        return "(%.2f,%.2f)" % self


class DrawingObject:
    """Something on a canvas that can still be changed. What it does not have is not changed."""

    def __init__(self, canvas, number, kind):
        self._canvas, self._id, self._type = canvas, number, kind

    def set_x(self, x):
        self._update(AREAS, "x", x)

    def set_y(self, y):
        self._update(AREAS, "y", y)

    def set_x1(self, x):
        self._update(["line"], "x1", x)

    def set_y1(self, y):
        self._update(["line"], "y1", y)

    def set_x2(self, x):
        self._update(["line"], "x2", x)

    def set_y2(self, y):
        self._update(["line"], "y2", y)

    def set_radius(self, r):
        self._update(["circle"], "radius", r)

    def rotate(self, a):
        """Turns it clockwise by `a` degrees."""
        self._update([self._type], "rotate", a)

    def set_angle(self, a):
        self._update([self._type], "angle", a)

    def stroke(self, color):
        """The color of a line, or of the border of everything else."""
        self._update(["line"], "color", color.to_hex())
        self._update(AREAS, "border", color.to_hex())

    def fill(self, color):
        self._update(AREAS, "fill", color.to_hex())

    def _update(self, kinds, name, value):
        if self._type in kinds:
            self._canvas._add("update", self._id, name, value)

    def __repr__(self):
        return "<%s %d of canvas %d>" % (self._type, self._id, self._canvas._id)


AREAS = ("rect", "circle", "triangle")


class Canvas:
    """A canvas of so many pixels; its origin is the upper left corner."""

    _count = 0

    def __init__(self, width, height, bgcolor=Colors.White, fgcolor=Colors.Black):
        self._id = Canvas._count
        Canvas._count += 1
        self._commands = []
        self._objects = 0
        self.width, self.height, self.bgcolor, self.fgcolor = width, height, bgcolor, fgcolor
        self._add("canvas", width, height, bgcolor.to_hex(), fgcolor.to_hex())

    def update(self):
        """Sends what was drawn since the last update."""
        emit(MediaRecord(DRAWING, json.dumps(self._commands, default=plain, allow_nan=False, separators=(",", ":"))))
        self._commands = []

    def show(self):
        """The same as `update()`."""
        self.update()

    def create_turtle(self):
        return Turtle(self)

    def stop_animation(self):
        """What is drawn from here on appears at once."""
        self._add("stop-anim")

    def resume_animation(self):
        """What is drawn from here on appears step by step."""
        self._add("resume-anim")

    def begin_group(self):
        """What is drawn until `end_group()` appears in one step."""
        self._add("begin-group")

    def end_group(self):
        self._add("end-group")

    def begin_fill(self, c):
        self._add("begin-fill", c.to_hex())

    def end_fill(self):
        self._add("end-fill")

    def background_color(self, c):
        self.bgcolor = c
        self._add("bgcolor", c.to_hex())

    def stroke_color(self, c):
        """The color of lines and borders that have none of their own."""
        self.fgcolor = c
        self._add("fgcolor", c.to_hex())

    def line(self, x0, y0, x1, y1, color=None):
        return self._add_object("line", x0, y0, x1, y1, (color or self.fgcolor).to_hex())

    def circle(self, x, y, radius, border=None, fill=None, angle=0):
        return self._add_area("circle", (x, y, radius), border, fill, angle)

    def rectangle(self, left, top, width, height, border=None, fill=None, angle=0):
        """Clients have its center at `left` and `top`, as a circle's."""
        return self._add_area("rect", (left, top, width, height), border, fill, angle)

    def triangle(self, left, top, width, height, border=None, fill=None, angle=0):
        """One that points up where `angle`, in degrees clockwise, is 0. Its place is that of a rectangle around it."""
        return self._add_area("triangle", (left, top, width, height), border, fill, angle)

    def _add(self, *command):
        self._commands.append((self._id,) + command)

    def _add_area(self, kind, geometry, border, fill, angle):
        colors = (border or self.fgcolor).to_hex(), (fill or Colors.Transparent).to_hex()
        return self._add_object(kind, *(geometry + colors + (angle,)))

    def _add_object(self, *arguments):
        number = self._objects
        self._objects += 1
        self._add("obj", number, arguments)
        return DrawingObject(self, number, arguments[0])

    def _ipython_display_(self):
        if self._commands:
            self.update()

    def __repr__(self):
        return "<canvas %d, %s by %s>" % (self._id, self.width, self.height)


def plain(number):
    """A number of another library as one of Python's own."""
    return int(number) if isinstance(number, numbers.Integral) else float(number)


class Turtle:
    """A turtle in the middle of a canvas, looking to the right. Its angles are in degrees, clockwise from the top."""

    LINE = Color(255, 0, 0, 128)
    BODY = Color(255, 200, 200)

    def __init__(self, canvas):
        self.canvas = canvas
        self.pen = True
        self.angle = 90
        x, y = canvas.width / 2, canvas.height / 2
        self.points = [(x, y)]
        self.cursor = canvas.triangle(x, y, 12, 18, border=Colors.Red, fill=self.BODY, angle=self.angle)

    def forward(self, amt):
        x, y = self.points[-1]
        direction = math.radians(self.angle)
        self._go(x + math.sin(direction) * amt, y + -1 * math.cos(direction) * amt)

    def left(self, deg):
        self.cursor.rotate(-deg)
        self.angle -= deg

    def right(self, deg):
        self.cursor.rotate(deg)
        self.angle += deg

    def pos(self):
        """Where it is, seen from where it began; downwards is positive."""
        return Vec2D(*self.points[-1]) - self.points[0]

    def setpos(self, x, y=None):
        """Goes to the place, seen from where it began: two numbers or a pair of them."""
        if y is None:
            x, y = x[0], x[1]
        self._go(x + self.points[0][0], y + self.points[0][1])

    def penup(self):
        self.pen = False

    def pendown(self):
        self.pen = True

    def _go(self, x, y):
        self.canvas.begin_group()
        if self.pen:
            self.canvas.line(*self.points[-1] + (x, y), color=self.LINE)
        self.cursor.set_x(x)
        self.cursor.set_y(y)
        self.canvas.end_group()
        self.points.append((x, y))

    def __repr__(self):
        return "<turtle at %r of canvas %d>" % (self.pos(), self.canvas._id)
