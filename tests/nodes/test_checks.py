"""A node type that says too little is told so."""

from __future__ import annotations

from apps.nodes.checks import node_types_describe_themselves, objections, undescribed
from apps.nodes.contract import Example, Migration, Node, NodeParams, NodeType


class Inner(NodeParams):
    """Inside."""

    told: str = ""
    """Told."""
    untold: str = ""


class Bad(Node):
    type, subtype, icon = NodeType.ACTION, "lower", "NoIcon"
    migrations = (Migration("a", dict), Migration("a", dict))

    class Params(NodeParams):
        mute: str = ""
        deep: list[Inner] | None = None
        """Described, but its inside is not."""


class Elsewhere(Bad):
    """Leaves by a port it does not have."""

    examples = (Example("x", params={}, port="sideways"),)


def test_everything_missing_is_told() -> None:
    found = " ".join(objections(Bad))
    for part in ("docstring", "HTTP_REQUEST", "icon", "no example", "“mute”", "“deep.untold”", "migrations"):
        assert part in found
    assert any("port" in message for message in objections(Elsewhere))


def test_fields_inside_unions_and_lists_are_looked_at() -> None:
    assert undescribed(Bad.Params) == ["mute", "deep.untold"]


def test_the_product_s_own_node_types_pass() -> None:
    assert node_types_describe_themselves() == []
