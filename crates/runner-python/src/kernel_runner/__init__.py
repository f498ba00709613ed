"""What a Python session offers to its code: `display`, and updates of what is displayed."""

import os

from . import forms, link

__all__ = ["DisplayHandle", "display", "update_display"]


def display(*objects, display_id=None, metadata=None, include=None, exclude=None, raw=False, clear=False, update=False,
            transient=None, **_):
    """Shows objects in their richest forms.

    `display(mime, data)` shows `data`, bytes or text, as it is; with `raw=True`, each object is a dictionary of such
    forms by their MIME types. `display_id` names what is shown, for `update_display` or the handle that is returned;
    `True` makes a name up. `metadata` and `clear` mean nothing to the clients of this runner.
    """
    if display_id is None:
        display_id = (transient or {}).get("display_id")
    if display_id is True:
        display_id = os.urandom(16).hex()
    if not raw and not update and is_raw(objects):
        objects, raw = [{objects[0]: objects[1]}], True
    for value in objects:
        if raw:
            link.show(forms.of_bundle(value), display_id, update)
        elif not forms.shows_itself(value):
            found = forms.of(value, include, exclude)
            link.show(found, display_id, update)
    return None if display_id is None else DisplayHandle(display_id)


def update_display(*objects, display_id, **options):
    """Shows objects in the place of what was displayed under that name."""
    display(*objects, display_id=display_id, update=True, **options)


class DisplayHandle:
    """What `display` returns for something that has a name."""

    def __init__(self, display_id=None):
        self.display_id = display_id or os.urandom(16).hex()

    def __repr__(self):
        return "<DisplayHandle display_id=%s>" % self.display_id

    def display(self, *objects, **options):
        display(*objects, display_id=self.display_id, **options)

    def update(self, *objects, **options):
        update_display(*objects, display_id=self.display_id, **options)


def is_raw(objects):
    """Whether these are a MIME type and data, rather than two objects to show."""
    return (len(objects) == 2 and isinstance(objects[0], str) and isinstance(objects[1], (str, bytes, bytearray))
            and forms.MIME_TYPE.match(objects[0]) is not None)
