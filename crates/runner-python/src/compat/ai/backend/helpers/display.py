import sys

import kernel_runner

__all__ = ("display",)


def display(obj, **options):
    """Shows an object in its richest form. The options of an array are those of the pandas frame that it becomes."""
    numpy = sys.modules.get("numpy")
    if options and numpy is not None and isinstance(obj, numpy.ndarray):
        import pandas
        obj, options = pandas.DataFrame(obj, **options), {}
    kernel_runner.display(obj, **options)
