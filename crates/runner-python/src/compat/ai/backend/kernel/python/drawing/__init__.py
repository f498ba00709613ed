"""The module `kernel_runner.drawing` in its old place."""

from kernel_runner.drawing import Canvas, Color, Colors, Turtle, Vec2D

__all__ = ("Canvas", "Color", "Colors", "Turtle", "Vec2D")
