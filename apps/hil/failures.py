"""What the codes of failed questions mean, for the page of error codes."""

from __future__ import annotations

from apps.core.error_codes import ErrorCode, declare

declare(
    ErrorCode(
        "hil.nobody_to_ask",
        None,
        "None of the people a question names can be asked, or there are fewer of them than must agree.",
        "Name people who exist, ask for fewer of them, or let the run go on by “undeliverable”.",
    ),
    ErrorCode(
        "hil.nobody_answered",
        None,
        "Nobody answered a question in time, and its author lets the run fail then.",
        "Give more time, remind people earlier, or let the run go on by “timeout”.",
    ),
    ErrorCode(
        "hil.default_invalid",
        None,
        "The answer that counts without asking does not fit the form.",
        "Give a value for every field that is needed.",
    ),
)
