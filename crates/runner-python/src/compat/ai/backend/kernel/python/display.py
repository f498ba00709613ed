"""`display`, and the records of what is not text."""

from ai.backend.helpers.display import display
from kernel_runner.records import HTMLRecord, MediaRecord

__all__ = ("HTMLRecord", "MediaRecord", "display")
