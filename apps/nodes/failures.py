"""What the codes of failed nodes mean, for the page of error codes. A test compares it with what nodes can raise.

The words of one failure say more: which node, which item, which address.
"""

from __future__ import annotations

from apps.core.egress.errors import EgressError
from apps.core.error_codes import ErrorCode, declare


def _of_calls() -> list[ErrorCode]:
    """Calls fail with the codes of the egress door, as `http.…`."""
    return [
        ErrorCode(cls.code.replace("egress.", "http."), None, cls.default_message(), cls.default_hint)
        for cls in EgressError.__subclasses__()
    ]


declare(
    *_of_calls(),
    ErrorCode("code.busy", None, "Too much code runs already.", "Raise SANDBOX_PARALLEL, or start fewer at once."),
    ErrorCode(
        "code.crashed", None, "The process that ran the code ended by itself.", "Run it with less data to find where."
    ),
    ErrorCode(
        "code.input_too_large", None, "Code and data are too large for the sandbox.", "Pick the fields the code needs."
    ),
    ErrorCode(
        "code.memory", None, "The code needed more memory than it may have.", "Raise its memory, or give it less."
    ),
    ErrorCode("code.output_too_large", None, "The code printed too much.", "Return what belongs to the result."),
    ErrorCode(
        "code.raised", None, "The code raised an exception.", "The failure names the line, and the item it was at."
    ),
    ErrorCode("code.result_not_json", None, "What the code returned is not JSON.", "Return plain values."),
    ErrorCode("code.result_too_large", None, "What the code returned is too large.", "Return less, or work in parts."),
    ErrorCode("code.stopped", None, "The code was ended, because nobody waited for it any more.", "Run it again."),
    ErrorCode("code.syntax", None, "The code cannot be read.", "The failure names the line where a language shows it."),
    ErrorCode(
        "code.timeout", None, "The code did not end in its time.", "Raise its time limit, or give it less to do."
    ),
    ErrorCode(
        "code.too_much",
        None,
        "A node asks for more time or memory than code gets here.",
        "Lower its limit. An operator can raise SANDBOX_MAX_SECONDS and SANDBOX_MAX_MEMORY_MB.",
    ),
    ErrorCode(
        "code.unavailable",
        None,
        "There is no sandbox on the worker's machine.",
        "An operator installs what `manage.py doctor` names.",
    ),
    ErrorCode(
        "http.status",
        None,
        "The other side answered with an error status.",
        "Look at its answer, which is kept with the run; switch off “fail on status” to go on with it.",
    ),
    ErrorCode(
        "http.not_json", None, "The answer was to be read as JSON, and is none.", "Read it as text, or look what it is."
    ),
    ErrorCode(
        "http.pages",
        None,
        "The next page of an answer cannot be found, or would never end.",
        "Look at what the first page answers, and at how the other side wants to be asked for the next one.",
    ),
    ErrorCode(
        "http.too_many_items", None, "A batch was given more items than it takes.", "Split the list, or use a LOOP."
    ),
    ErrorCode(
        "list.kind",
        None,
        "The items of a list are not of one kind, or not of the kind that was needed.",
        "Compare and add like with like: numbers with numbers, texts with texts.",
    ),
    ErrorCode("list.not_list", None, "What was given is no list.", "Look at what the expression gives."),
    ErrorCode("list.path", None, "The path leads nowhere in one of the items.", "Check the path."),
    ErrorCode("list.too_large", None, "What was made of the list is too large.", "Pick fewer fields or fewer items."),
    ErrorCode(
        "list.too_long", None, "A list has more items than one node may hold.", "Limit it, or work through it in parts."
    ),
    ErrorCode(
        "loop.too_many", None, "A loop was given more items than it takes.", "Split the list, or work in batches."
    ),
    ErrorCode("merge.not_object", None, "Only objects can be merged into one.", "Combine by source, or as a list."),
    ErrorCode("merge.too_few", None, "Fewer branches can still arrive than the node waits for.", "Wait for fewer."),
    ErrorCode("sub_workflow.failed", None, "The workflow that was called failed.", "Open its execution."),
    ErrorCode(
        "sub_workflow.timed_out", None, "The workflow that was called took too long.", "Raise the timeout, or look why."
    ),
    ErrorCode("transform.not_object", None, "Fields can only be added to an object.", "Look at the input of the node."),
    ErrorCode("validate.schema", None, "The data does not fit its schema.", "The failure names each place and why."),
    ErrorCode(
        "wait.match_invalid",
        None,
        "What an event should hold is no short text and no number.",
        "An event is found by something such as an order's number; look at what the expression gives.",
    ),
)
