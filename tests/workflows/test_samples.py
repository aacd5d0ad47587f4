"""What a webhook could be called with."""

from __future__ import annotations

from typing import Any

import pytest

from apps.workflows.samples import sample_body
from tests.workflows.definitions import definition, hook, link, node, order_approval, small, transform


def test_it_holds_what_the_expressions_read() -> None:
    assert sample_body(small(), "hook") == {"amount": "…"}
    assert sample_body(order_approval(), "hook") == {"items": "…", "id": "…"}


def test_the_trigger_is_read_by_each_of_its_names() -> None:
    text = '{{ $trigger.body.customer.name }} {{ $node["Hook"].body.customer.id }} {{ $trigger.headers.host }}'
    found = sample_body(definition(hook(), transform("first"), transform("second", text)), "hook")
    assert found == {"customer": {"id": "…", "name": "…"}}


def test_the_input_is_the_body_only_as_far_as_it_passes_unchanged() -> None:
    gate = node("gate", "FLOW", "IF", params={"condition": "{{ $json.body.total > 10 }}"})
    links = [link("hook", "gate"), link("gate", "near", "true"), link("near", "far")]
    near, far = transform("near", "{{ $json.body.name }}"), transform("far", "{{ $json.body.answer }}")
    assert sample_body(definition(hook(), gate, near, far, links=links), "hook") == {"total": "…", "name": "…"}


def test_what_is_read_as_an_object_stays_one() -> None:
    deep, flat = "{{ $trigger.body.order.id }}", "{{ $trigger.body.order }}"
    for texts in ((deep, flat), (flat, deep)):
        nodes = [transform(f"t{at}", text) for at, text in enumerate(texts)]
        assert sample_body(definition(hook(), *nodes), "hook") == {"order": {"id": "…"}}


@pytest.mark.parametrize("document", [None, [], {}, {"nodes": "x"}, definition(hook(), transform("a", "{{ $json. }}"))])
def test_it_never_stumbles(document: Any) -> None:
    assert sample_body(document, "hook") == {}
