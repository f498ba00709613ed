"""The records of output, which `_sorna_emit` sends."""

from kernel_runner.records import (
    CompletionRecord, ConsoleRecord, ControlRecord, HTMLRecord, InputRequest, MediaRecord,
)

__all__ = (
    "CompletionRecord", "ConsoleRecord", "ControlRecord", "HTMLRecord", "InputRequest", "MediaRecord",
)
