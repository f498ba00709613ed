from kernel_runner.drawing import Canvas, DrawingObject

__all__ = ("Canvas", "DrawingObject")
