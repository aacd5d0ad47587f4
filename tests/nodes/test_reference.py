"""The reference pages leave nothing out and stay readable Markdown."""

from __future__ import annotations

import re

from apps.nodes.expressions import FUNCTIONS
from apps.nodes.reference import expressions_page, nodes_page
from apps.nodes.registry import label, node_types


def test_every_node_type_and_parameter_is_there() -> None:
    page = nodes_page()
    for cls in node_types().values():
        section = re.split(
            r"^##+ ", page.partition(f"{label(cls)} `{cls.subtype}`\n")[2], maxsplit=1, flags=re.MULTILINE
        )[0]
        names = [field.alias or name for name, field in cls.Params.model_fields.items()]
        assert [name for name in names if f"\n| `{name}` |" not in section] == [], cls.subtype
        assert all(example.title in section for example in cls.examples)


def test_the_kinds_of_a_parameter_are_told_apart() -> None:
    page = nodes_page()
    assert "| `secret.value` | text or object | needed |  | Kind `header`: What the header must hold; " in page
    assert "| `cases[].name` | text | needed |" in page


def test_links_lead_to_headings() -> None:
    page = nodes_page()
    headings = {
        re.sub(r"[^\w -]", "", heading).lower().replace(" ", "-")
        for heading in re.findall(r"^### (.+)$", page, flags=re.MULTILINE)
    }
    assert set(re.findall(r"\]\(#([^)]+)\)", page)) == headings


def test_every_function_is_there_with_its_example() -> None:
    page = expressions_page()
    assert all(f"`{function.signature}`".replace("|", "\\|") in page for function in FUNCTIONS)
    assert all(function.example.replace("|", "\\|") in page for function in FUNCTIONS)


def test_no_table_row_is_torn() -> None:
    for line in (nodes_page() + expressions_page()).splitlines():
        if line.startswith("|"):
            assert len(re.findall(r"(?<!\\)\|", line)) in (4, 5, 6), line
