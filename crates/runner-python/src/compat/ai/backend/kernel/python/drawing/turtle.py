from kernel_runner.drawing import Turtle, Vec2D

__all__ = ("Turtle", "Vec2D")
