"""What models write instead of the JSON that was asked for: read where it can be, corrected where it cannot, else an
error that says what was wrong.
"""

from __future__ import annotations

from typing import Any

import pytest

from apps.ai.agents.structured import read
from tests.ai.agents.working import Agent

SCHEMA: dict[str, Any] = {
    "type": "object",
    "required": ["name", "age"],
    "additionalProperties": False,
    "properties": {
        "name": {"type": "string"},
        "age": {"type": "integer", "minimum": 0},
        "tags": {"type": "array", "items": {"enum": ["a", "b"]}},
    },
}
GOOD = '{"name": "Ada", "age": 36}'
VALUE = {"name": "Ada", "age": 36}


@pytest.mark.parametrize(
    "text",
    [
        GOOD,
        f"\n  {GOOD}  \n",
        f"```json\n{GOOD}\n```",
        f"```\n{GOOD}\n```",
        f"```JSON\r\n{GOOD}\r\n```",
        f"Here it is:\n```json\n{GOOD}\n```\nAnything else?",
        f"Here it is: {GOOD}",
        f"{GOOD}\n\nI hope this helps {{smile}}!",
        f"Of {{two}} people: {GOOD}",
        f'{{"draft": true}} no, better: {GOOD}',
        '{"name": "Ada", "age": 36.0}',
        '{"age": 36, "name": "Ada"}',
        '{"name": "A\\u0064a", "age": 36}',
    ],
)
def test_what_stands_around_an_answer_is_overlooked(text: str) -> None:
    found = read(text, SCHEMA)
    assert (found.value, found.faults) == (VALUE, ())


WRONG = [
    ("", "The answer is empty."),
    ("I cannot do that.", "There is no JSON in the answer."),
    ('{"name": "Ada", "age": 36', "The JSON is broken"),
    ('{"name": "Ada", "age": 36,}', "The JSON is broken"),
    ("{'name': 'Ada', 'age': 36}", "The JSON is broken"),
    ('{"name": "Ada" "age": 36}', "The JSON is broken"),
    ('{"name": "Ada", "age": NaN}', "NaN is no JSON"),
    ('{"outer": {"name": "Ada", "age": 36}, "x": }', "The JSON is broken"),
    ('```json\n{"name": "Ada",\n```', "The JSON is broken"),
    ('{"name": "Ada"}', "'age' is a required property"),
    ('{"name": "Ada", "age": "36"}', "age: '36' is not of type 'integer'"),
    ('{"name": "Ada", "age": -1}', "age: -1 is less than the minimum of 0"),
    ('{"name": "Ada", "age": 36, "mood": "good"}', "mood: 'mood' is unknown here"),
    ('{"name": "Ada", "age": 36, "tags": ["c"]}', "tags[0]: 'c' is not one of"),
    ('[{"name": "Ada", "age": 36}]', "is not of type 'object'"),
    ('"Ada"', "'Ada' is not of type 'object'"),
    ("null", "None is not of type 'object'"),
    ("[" * 5_000, "The JSON is broken"),
]


@pytest.mark.parametrize(("text", "words"), WRONG)
def test_what_is_wrong_is_said_so_that_a_model_can_mend_it(text: str, words: str) -> None:
    agent = Agent({"text": text}, {"text": GOOD}, schema=SCHEMA)
    done = agent.output()
    assert (done["result"], done["repairs"], done["turns"]) == (VALUE, 1, 2)
    assert words in agent.told()
    assert "keeps to the JSON Schema" in agent.models.asked[0].messages[0].text
    assert agent.models.asked[0].result_schema == SCHEMA


@pytest.mark.parametrize(("text", "words"), WRONG)
def test_what_is_never_mended_is_a_clear_error(text: str, words: str) -> None:
    failed = Agent(*[{"text": text}] * 3, schema=SCHEMA).error()
    assert failed.code == "ai.answer_unfit"
    assert "also after 2 corrections" in failed.message
    assert words in failed.message
    assert failed.hint


def test_an_answer_that_was_cut_off_is_not_asked_for_again() -> None:
    agent = Agent({"text": '{"name": "A', "finish": "length"}, schema=SCHEMA)
    assert agent.error().code == "ai.answer_cut"
    assert len(agent.models.asked) == 1


def test_other_kinds_of_value_can_be_asked_for() -> None:
    names = {"type": "array", "items": {"type": "string"}}
    assert Agent({"text": 'The names: ["Ada", "Bo"]'}, schema=names).output()["result"] == ["Ada", "Bo"]
    assert Agent({"text": "7"}, schema={"type": "integer"}).output()["result"] == 7


def test_an_answer_that_cannot_be_held_against_its_schema_is_an_error_of_the_run() -> None:
    endless = {"$defs": {"a": {"$ref": "#/$defs/b"}, "b": {"$ref": "#/$defs/a"}}, "$ref": "#/$defs/a"}
    failed = Agent({"text": "7"}, schema=endless, repairs=0).error()
    assert failed.code == "ai.answer_unfit"
    assert "cannot be held against the schema" in failed.message
