"""What a new node type begins as: one file with its test, both passing. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass

from apps.core.errors import Invalid
from apps.nodes.contract import NodeType
from apps.nodes.registry import node_type

_SUBTYPE = re.compile(r"[A-Z][A-Z0-9]*(_[A-Z0-9]+)*")
_HOMES = {
    NodeType.TRIGGER: ("nodes", "builtin/triggers"),
    NodeType.FLOW: ("nodes", "builtin/flow"),
    NodeType.ACTION: ("nodes", "builtin/actions"),
    NodeType.HUMAN_IN_THE_LOOP: ("hil", "nodes"),
    NodeType.AI_AGENT: ("ai", "nodes"),
    NodeType.TOOL: ("ai", "nodes"),
    NodeType.MEMORY: ("ai", "nodes"),
}


@dataclass(frozen=True, slots=True)
class Scaffold:
    """The files of a new node type, by their path in the repository."""

    files: dict[str, str]


def scaffold(type_: str, subtype: str, *, vendor: str = "") -> Scaffold:
    """The node file and its test. An EXTERNAL_ACTION needs its vendor's folder.

    Raises `Invalid` for a type that does not exist, a subtype not written like HTTP_REQUEST, or one that is taken.
    """
    if type_ not in list(NodeType):
        raise Invalid(f"There is no node type {type_}; there are {', '.join(NodeType)}.")
    if not _SUBTYPE.fullmatch(subtype):
        raise Invalid(f"“{subtype}” is no subtype: write it like HTTP_REQUEST.")
    if node_type(type_, subtype) is not None:
        raise Invalid(f"{type_} {subtype} exists already.")
    kind = NodeType(type_)
    if kind is NodeType.EXTERNAL_ACTION:
        if not re.fullmatch(r"[a-z][a-z0-9_]*", vendor):
            raise Invalid("An EXTERNAL_ACTION lives in its vendor's folder: give --vendor, as in --vendor slack.")
        app, folder = "integrations", f"vendors/{vendor}/nodes"
    else:
        app, folder = _HOMES[kind]
    name = subtype.lower()
    cls = "".join(word.capitalize() for word in name.split("_"))
    module = ".".join(("apps", app, *folder.split("/"), name))
    tests = folder.split("/")[0] if app == "nodes" else folder
    words = {"cls": cls, "subtype": subtype, "module": module, "type": kind.name, "words": name.replace("_", " ")}
    body = _TRIGGER if kind is NodeType.TRIGGER else _NODE
    files = {
        f"apps/{app}/{folder}/{name}.py": body.format(**words),
        f"tests/{app}/{tests}/test_{name}.py": (_TRIGGER_TEST if kind is NodeType.TRIGGER else _NODE_TEST).format(
            **words
        ),
    }
    return Scaffold(files)


_NODE = '''"""Say in one line what this file is about."""

from __future__ import annotations

from apps.nodes.contract import Context, Done, Example, Expr, Node, NodeOutput, NodeParams, NodeType, Result


class {cls}(Node):
    """Say in one line what the node does: the palette shows it.

    Say here what somebody needs to know before using it.
    """

    type, subtype, icon = NodeType.{type}, "{subtype}", "box"
    summary = "{{text}}"
    keywords = ("{words}",)

    class Params(NodeParams):
        text: Expr[str]
        """What this parameter is for."""

    class Output(NodeOutput):
        text: str
        """What later nodes can read."""

    examples = (
        Example(
            "Say what it shows",
            params={{"text": "Hello {{{{ $json.name }}}}"}},
            input={{"name": "Ada"}},
            returns={{"text": "Hello Ada"}},
        ),
    )

    def run(self, params: Params, ctx: Context) -> Result:
        """Do the work. What calls out or changes something elsewhere also declares its `effect`."""
        return Done({{"text": params.text}})
'''

_NODE_TEST = '''"""{subtype}, beyond its examples."""

from __future__ import annotations

from {module} import {cls}
from apps.nodes.contract import Done
from tests.nodes.running import run


def test_it_answers_with_its_text() -> None:
    assert run({cls}, {{"text": "{{{{ $json }}}}!"}}, 3) == Done({{"text": "3!"}})
'''

_TRIGGER = '''"""Say in one line what this file is about."""

from __future__ import annotations

from collections.abc import Mapping

from apps.nodes.contract import Example, Json, NodeOutput, NodeParams, Trigger


class {cls}(Trigger):
    """Say in one line what starts the workflow: the palette shows it.

    Say here what somebody needs to know before using it.
    """

    subtype, icon = "{subtype}", "zap"
    summary = "{{source}}"
    keywords = ("{words}",)

    class Params(NodeParams):
        source: str
        """What it listens to."""

    class Output(NodeOutput):
        """What came in."""

    examples = (Example("Say what it shows", params={{"source": "a"}}, input={{"id": 1}}, returns={{"id": 1}}),)

    @classmethod
    def address(cls, params: Mapping[str, Json], *, node_id: str) -> str | None:
        """What it listens to, unique in the workspace."""
        return str(params.get("source", ""))
'''

_TRIGGER_TEST = '''"""{subtype}, beyond its examples."""

from __future__ import annotations

from {module} import {cls}


def test_it_listens_to_its_source() -> None:
    assert {cls}.address({{"source": "a"}}, node_id="n") == "a"
'''
