"""JSON as people read it."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.hil.facts import MOST_ROWS, Value, facts, label_of

json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=5) | st.dictionaries(st.text(max_size=8), inner, max_size=5),
    max_leaves=20,
)


@pytest.mark.parametrize(
    ("key", "label"),
    [
        ("customer_name", "Customer name"),
        ("customerName", "Customer name"),
        ("VAT", "VAT"),
        ("order_id", "Order ID"),
        ("_", "_"),
        ("", ""),
    ],
)
def test_keys_become_words(key: str, label: str) -> None:
    assert label_of(key) == label


def test_an_order_reads_from_what_it_is_over_its_parts_to_its_total() -> None:
    found = facts(
        {
            "vat": 20,
            "items": [{"price": 5, "name": "Chair"}, {"price": 7, "name": "Lamp"}],
            "total": 12.5,
            "country": "Sweden",
            "name": "Lindqvist",
        }
    )

    assert [(block.kind, block.title) for block in found] == [("rows", ""), ("table", "Items"), ("rows", "")]
    words, table, figures = found
    assert [row.label for row in words.rows] == ["Name", "Country"]
    assert [(column.label, column.is_number) for column in table.columns] == [("Name", False), ("Price", True)]
    assert table.lines[0] == (Value("Chair"), Value("5", "number"))
    assert [(row.label, row.value.text, row.is_total) for row in figures.rows] == [
        ("VAT", "20", False),
        ("Total", "12.5", True),
    ]


def test_an_object_in_an_object_reads_like_one() -> None:
    found = facts(
        {
            "items": [{"name": "Chair"}],
            "in_stock": {
                "items": [{"name": "Chair", "left": 4}],
                "warehouse": "Malmö",
                "next": {"date": "2026-12-01", "left": 20},
                "aisles": ["A", "B"],
            },
            "customer": {"name": "Lindqvist", "since": 2019},
            "total": "EUR 12.50",
        }
    )

    assert [(block.kind, block.title) for block in found] == [
        ("table", "Items"),
        ("rows", "In stock"),
        ("table", "In stock: Items"),
        ("rows", "In stock: Next"),
        ("list", "In stock: Aisles"),
        ("rows", "Customer"),
        ("rows", ""),
    ]
    assert [row.label for row in found[1].rows] == ["Warehouse"]
    assert [(row.label, row.is_total) for row in found[-1].rows] == [("Total", True)]


@pytest.mark.parametrize("nothing", [None, {}, [], ""])
def test_nothing_shows_nothing(nothing: Any) -> None:
    assert facts(nothing) == []


def test_scalars_lists_and_the_rest() -> None:
    assert [block.kind for block in facts("one\ntwo")] == ["text"]
    assert [block.kind for block in facts([1, True, None])] == ["list"]
    assert facts([1, True, None])[0].lines == ((Value("1", "number"),), (Value("Yes"),), (Value("–", "nothing"),))
    assert [block.kind for block in facts({"a": {"b": {"c": {"d": 1}}}})] == ["json"]
    assert [block.kind for block in facts([{"a": 1}, [2]])] == ["json"]


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("https://example.com/a?b=1", "url"),
        ("HTTP://example.com", "url"),
        ("javascript:alert(1)", "text"),
        ("see https://example.com", "text"),
        ('https://example.com/" onclick="x', "text"),
        ("data:text/html,x", "text"),
    ],
)
def test_only_whole_web_addresses_become_links(text: str, kind: str) -> None:
    assert facts({"a": text})[0].rows[0].value.kind == kind


def test_long_data_is_cut_and_says_so() -> None:
    assert facts([{"n": n} for n in range(MOST_ROWS + 7)])[0].hidden == 7
    assert facts(list(range(MOST_ROWS + 7)))[0].hidden == 7
    assert len(facts("x" * 100_000)[0].text) < 21_000


@given(json_values)
def test_anything_can_be_shown(value: Any) -> None:
    for block in facts(value):
        assert block.rows or block.lines or block.columns or block.text
