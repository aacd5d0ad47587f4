"""Runs Python inside the jail: what came in on descriptor 0 becomes its variables, what it returns goes out as JSON.

The answer is one JSON object: `result`, or `error` with `kind` (`syntax`, `raised`, `memory`, `not_json`).
"""

from __future__ import annotations

import _ast
import json
import math
import os
import sys

TYPE_CHECKING = False  # the real one costs a millisecond
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

_FILE = "code"
_DEPTH = 100
_BITS = 3_400
_MANY = 20


class _NotJson(Exception):
    pass


def main(result: int) -> None:
    with os.fdopen(0, "rb") as source:
        job = json.loads(source.read())
    sys.stdout = open(1, "w", encoding="utf-8", errors="backslashreplace", buffering=1, closefd=False)  # noqa: SIM115
    sys.stderr = sys.stdout
    sys.argv = [_FILE]
    os.environ.clear()  # the interpreter and bubblewrap put a locale and a folder there
    answer = _answer(job)
    try:
        text = json.dumps(answer, allow_nan=False)
    except MemoryError:
        text = '{"error": {"kind": "memory"}}'
    sys.stdout.flush()
    left = memoryview(text.encode())
    while left:
        left = left[os.write(result, left) :]
    os._exit(0)


def _answer(job: dict[str, Any]) -> dict[str, Any]:
    try:
        function = _function(job["source"], [*job["values"], *job["rounds"][0]])
    except (SyntaxError, ValueError) as error:
        return {"error": _syntax(error)}
    except (RecursionError, MemoryError):
        return {"error": {"kind": "syntax", "message": "The code is nested too deeply."}}
    given = []
    for at, variables in enumerate(job["rounds"]):
        try:
            given.append(_plain(function(**job["values"], **variables), "result", 0))
        except _NotJson as error:
            return {"error": {"kind": "not_json", "message": str(error), "at": at}}
        except MemoryError:
            given.clear()
            return {"error": {"kind": "memory", "at": at}}
        except BaseException as error:
            return {"error": {"kind": "raised", "at": at} | _raised(error)}
    return {"results": given}


def _function(source: str, names: list[str]) -> Callable[..., Any]:
    """The code as the body of a function of its variables, so that it may `return`. Lines keep their numbers."""
    tree: Any = compile(source, _FILE, "exec", _ast.PyCF_ONLY_AST)
    shell: Any = compile(f"def code({', '.join(names)}): pass", _FILE, "exec", _ast.PyCF_ONLY_AST)
    if tree.body:
        shell.body[0].body = tree.body
    space: dict[str, Any] = {"__name__": "__main__", "__builtins__": __builtins__}
    exec(compile(shell, _FILE, "exec"), space)  # noqa: S102 (this process exists for nothing else)
    found: Callable[..., Any] = space["code"]
    return found


def _syntax(error: Exception) -> dict[str, Any]:
    line = getattr(error, "lineno", None)
    return {"kind": "syntax", "message": str(getattr(error, "msg", error)), "line": line}


def _raised(error: BaseException) -> dict[str, Any]:
    frames, step = [], error.__traceback__
    while step is not None:
        if step.tb_frame.f_code.co_filename == _FILE:
            frames.append({"line": step.tb_lineno, "in": step.tb_frame.f_code.co_name})
        step = step.tb_next
    try:
        message = str(error)
    except BaseException:
        message = ""
    line = frames[-1]["line"] if frames else None
    return {"type": type(error).__name__, "message": message[:2_000], "line": line, "trace": frames[-_MANY:]}


def _plain(value: Any, path: str, depth: int) -> Any:
    """The value if it is JSON, tuples as lists. Says where it is not."""
    if depth > _DEPTH:
        raise _NotJson(f"{path[:200]} is nested more than {_DEPTH} levels deep.")
    if value is None or value is True or value is False or type(value) is str:
        return value
    if isinstance(value, float):
        if not math.isfinite(value):
            raise _NotJson(f"{path} is {value}, which JSON does not know.")
        return float(value)
    if isinstance(value, str):
        return str(value)
    if isinstance(value, int):
        if int(value).bit_length() > _BITS:
            raise _NotJson(f"{path} is a number of more than 1,000 digits.")
        return int(value)
    if isinstance(value, (list, tuple)):
        return [_plain(inner, f"{path}[{at}]", depth + 1) for at, inner in enumerate(value)]
    if isinstance(value, dict):
        for key in value:
            if not isinstance(key, str):
                raise _NotJson(f"{path} has the key {key!r:.80}; keys are texts.")
        return {str(key): _plain(inner, f"{path}.{key}", depth + 1) for key, inner in value.items()}
    raise _NotJson(f"{path} is a {type(value).__name__}; return texts, numbers, lists, dicts, true, false or null.")
