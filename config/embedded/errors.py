"""The one error of the embedded services."""

from __future__ import annotations


class EmbeddedError(Exception):
    """An embedded service cannot be had. `message` says what and why, `hint` what to do about it."""

    def __init__(self, message: str, hint: str) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint

    def __str__(self) -> str:
        return f"{self.message}\n  {self.hint}"
