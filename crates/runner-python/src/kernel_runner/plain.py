"""IPython's display functions in a session that is not IPython's: they show to the client as ours do."""

from . import DisplayHandle, display, update_display


def publish_display_data(data, metadata=None, *_, transient=None, update=False, **__):
    display(data, raw=True, transient=transient, update=update)


def clear_output(wait=False):
    """Clients have no way to take back what they were sent."""


def take_over(module):
    """Puts them into a module of IPython's that has defined its own."""
    for function in (display, update_display, publish_display_data, clear_output, DisplayHandle):
        if hasattr(module, function.__name__):
            setattr(module, function.__name__, function)
