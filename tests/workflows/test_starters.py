"""Starters are sound and say what they need; their drawings show every node."""

from __future__ import annotations

import re

import pytest

from apps.workflows import graph
from apps.workflows.lint import lint
from apps.workflows.preview import drawing
from apps.workflows.starters import KINDS, Starter, starter, starters
from tests.workflows.definitions import order_approval


def test_there_are_enough_of_every_kind() -> None:
    found = starters()
    assert len(found) >= 12
    assert sum(not each.needs for each in found) >= 8
    assert {each.kind for each in found} == set(KINDS)
    assert len({each.title for each in found}) == len(found)


@pytest.mark.parametrize("each", starters(), ids=lambda each: each.slug)
def test_a_starter_is_sound(each: Starter) -> None:
    assert [finding.message for finding in lint(each.definition)] == []
    assert graph.compile(each.definition).triggers
    assert 20 < len(each.summary) < 260
    # What is not filled in cannot be called by mistake: nobody can own these addresses.
    addresses = re.findall(r"https?://([^/\"]+)", str(each.definition))
    foreign = [host for host in addresses if "example.com" in host]
    assert bool(each.needs) == bool([host for host in foreign if host != "example.com"])


@pytest.mark.parametrize("each", starters(), ids=lambda each: each.slug)
def test_its_drawing_shows_every_node_once(each: Starter) -> None:
    drawn = each.drawing
    assert sorted(box.name for box in drawn.boxes) == sorted(node["name"] for node in each.definition["nodes"])
    free = [box for box in drawn.boxes if not box.is_container]
    assert len({(box.x, box.y) for box in free}) == len(free)
    assert all(box.x >= 0 and box.x + box.width <= drawn.width and box.y + 28 <= drawn.height for box in drawn.boxes)


def test_what_follows_stands_further_right() -> None:
    drawn = drawing(order_approval())
    places = {box.name: box.x for box in drawn.boxes}
    names = {node["id"]: node["name"] for node in order_approval()["nodes"]}
    for link in order_approval()["connections"]:
        assert places[names[link["from"]]] < places[names[link["to"]]]


def test_they_are_found_by_kind_and_words() -> None:
    found = starter("order-approval")
    assert found is not None
    assert found.fits("people", "order person")
    assert not found.fits("data", "")
    assert not found.fits("", "weather")
    assert starter("../order-approval") is None
