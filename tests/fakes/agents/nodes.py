"""The three node types."""

from __future__ import annotations

from apps.nodes.contract import Context, Done, Example, Node, NodeOutput, NodeParams, NodeType, Result


class _Fake(Node):
    summary = "Fake"

    class Params(NodeParams):
        """None."""

    class Output(NodeOutput):
        """The input."""

    examples = (Example("As it comes", params={}, input=1, returns=1),)

    def run(self, params: Params, ctx: Context) -> Result:
        """Pass it on."""
        return Done(ctx.json)


class FakeAgent(_Fake):
    """An agent."""

    type, subtype, icon = NodeType.AI_AGENT, "FAKE", "bot"


class FakeTool(_Fake):
    """A tool."""

    type, subtype, icon = NodeType.TOOL, "FAKE", "wrench"


class FakeMemory(_Fake):
    """A memory."""

    type, subtype, icon = NodeType.MEMORY, "FAKE", "database"
