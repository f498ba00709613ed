"""What code of a Backend.AI kernel calls: `install` a package, `display` a table."""

from .display import display
from .package import install

__all__ = ("display", "install")
