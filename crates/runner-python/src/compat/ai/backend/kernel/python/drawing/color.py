from kernel_runner.drawing import Color, Colors

__all__ = ("Color", "Colors")
