"""A real JavaScript engine, asked many things in one process."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import pytest

from apps.nodes.expressions import Json
from config.embedded import frontend

_ROOT: Final = Path(__file__).resolve().parents[3]
# Reads the data, then answers each line as it comes: its JSON, or that JavaScript threw or left JSON.
_SCRIPT: Final = """
const lines = require("readline").createInterface({input: process.stdin});
let data;
lines.on("line", line => {
  if (data === undefined) { data = line; return; }
  let answer;
  try {
    let value = new Function("$json", "return (" + JSON.parse(line) + ")")(JSON.parse(data));
    value = value === undefined ? null : value;
    const isNone = typeof value === "function" || (typeof value === "number" && !Number.isFinite(value));
    answer = {ok: !isNone, value: isNone ? String(value) : value};
  } catch (error) { answer = {ok: false, value: String(error)}; }
  process.stdout.write(JSON.stringify(answer) + "\\n");
});
"""


@dataclass(frozen=True)
class Answer:
    """What JavaScript gives: a JSON value, or (not `is_json`) the words of its error, or a number that is none."""

    is_json: bool
    value: Any


def node() -> str:
    """The path of a Node. Skips without any."""
    return frontend.node(_ROOT) or pytest.skip("no Node: `make run` installs one, or put one on PATH")


def evaluated(texts: Iterable[str], data: Json) -> list[Answer]:
    """What each expression gives in JavaScript over the same data, all in one process."""
    lines = [json.dumps(data), *(json.dumps(text) for text in texts)]
    ran = subprocess.run(
        [node(), "-e", _SCRIPT],
        input="\n".join(lines) + "\n",
        capture_output=True,
        text=True,
        timeout=600,
        check=True,
    )
    return [Answer(found["ok"], found["value"]) for found in map(json.loads, ran.stdout.rstrip("\n").split("\n"))]
