"""Files of strangers: no text in them keeps a server busy, however it is made."""

from __future__ import annotations

import time
from typing import Any

import pytest

from apps.workflows.transfer import import_document, texts
from apps.workflows.transfer.n8n import expressions

MANY = 200_000
NAMES = expressions.Names({}, {}, {})
TEXTS = {
    "a text of backslashes that is never closed": '={{ "' + "\\" * MANY + " }}",
    "escaped quotes": '={{ "' + '\\"' * MANY + " }}",
    "a node that is never closed": "={{ " + '$node["\\"' * (MANY // 8) + " }}",
    "spaces in a function": "={{ $input.all().map(" + " " * MANY + " }}",
    "calls that are never closed": "={{ " + "$items('a'" * (MANY // 10) + " }}",
    "braces that are never closed": "=" + "{{" * MANY,
    "braces in JSON": '={"a": "' + "{{" * MANY,
    "words": "={{ " + "a " * MANY + "}}",
}


@pytest.mark.parametrize("name", TEXTS)
def test_no_text_takes_long_to_translate(name: str) -> None:
    began = time.process_time()
    for read in (expressions.translated, expressions.operand, expressions.json_template):
        read(TEXTS[name], NAMES)
    for ours in (texts.templated, texts.condition):
        ours(TEXTS[name])
    assert time.process_time() - began < 2


def test_a_file_with_one_is_taken_over_as_it_stands() -> None:
    given: dict[str, Any] = {
        "name": "Hostile",
        "nodes": [
            {"id": "0", "name": "Start", "type": "n8n-nodes-base.manualTrigger", "typeVersion": 1, "parameters": {}},
            {
                "id": "1",
                "name": "Set",
                "type": "n8n-nodes-base.set",
                "typeVersion": 3,
                "parameters": {
                    "assignments": {"assignments": [{"id": "a", "name": "a", "value": TEXTS[next(iter(TEXTS))]}]}
                },
            },
        ],
        "connections": {"Start": {"main": [[{"node": "Set", "type": "main", "index": 0}]]}},
    }
    assert len(import_document(given).definition["nodes"]) == 2


def test_quotes_and_escapes_are_still_read() -> None:
    text = '={{ $node["A \\" B"].json.x + "}}" + $input.all().map( ( it ) => it.json.y ) }}'
    assert expressions.translated(text, NAMES) == '{{ $node["A \\\\\\" B"].x + "}}" + $json.map(it => it.y ) }}'
