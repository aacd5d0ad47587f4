"""Forms take what they know and nothing else."""

from __future__ import annotations

import time

import pytest
from rest_framework import serializers

from apps.core.api.serializers import MOST_NAMED, Strict


class Form(Strict):
    """A name."""

    name = serializers.CharField()


def test_an_unknown_member_is_refused_with_what_was_meant() -> None:
    form = Form(data={"name": "a", "nmae": "b", "is_staff": True})
    assert not form.is_valid()
    assert set(form.errors) == {"nmae", "is_staff"}
    assert "“name”" in form.errors["nmae"][0]
    assert Form(data={"name": "a"}).is_valid()


class Kinds(Strict):
    """One of each."""

    name = serializers.CharField(required=False, allow_null=True)
    role = serializers.ChoiceField(choices=["owner", "5"], required=False)
    id = serializers.UUIDField(required=False)
    is_on = serializers.BooleanField(required=False)
    count = serializers.IntegerField(required=False)
    share = serializers.FloatField(required=False)
    scopes = serializers.ListField(child=serializers.CharField(), required=False)


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("name", 5, "This must be a text, not a number."),
        ("name", ["a"], "This must be a text, not a list."),
        ("role", 5, "This must be a text, not a number."),
        ("id", 5, "This must be a text, not a number."),
        ("is_on", "true", "This must be true or false, not a text."),
        ("is_on", 1, "This must be true or false, not a number."),
        ("count", "5", "This must be a whole number, not a text."),
        ("count", True, "This must be a whole number, not true or false."),
        ("count", {}, "This must be a whole number, not an object."),
        ("share", "0.5", "This must be a number, not a text."),
    ],
)
def test_a_value_of_another_json_type_is_not_turned(name: str, value: object, message: str) -> None:
    form = Kinds(data={name: value})
    assert not form.is_valid()
    assert form.errors == {name: [message]}


def test_items_of_a_list_are_looked_at_by_their_place() -> None:
    form = Kinds(data={"scopes": ["a", 5]})
    assert not form.is_valid()
    assert form.errors == {"scopes": {1: ["This must be a text, not a number."]}}


def test_right_types_pass_and_null_is_left_to_the_field() -> None:
    given: dict[str, object] = {"name": None, "role": "5", "is_on": False, "count": 0, "share": 1, "scopes": []}
    form = Kinds(data=given)
    assert form.is_valid(), form.errors
    assert form.validated_data == given


def test_very_many_of_them_keep_nobody_busy() -> None:
    form = Form(data={f"member_{at}": at for at in range(100_000)})
    began = time.monotonic()
    assert not form.is_valid()
    assert time.monotonic() - began < 1
    assert len(form.errors) == MOST_NAMED
