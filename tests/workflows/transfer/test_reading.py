"""Files of other products: whose form they have, what is taken over, and what is said of the rest."""

from __future__ import annotations

import random
from typing import Any

import pytest

from apps.core.errors import DomainError, Invalid
from apps.workflows.graph import compile, errors_in
from apps.workflows.lint import lint, no_draft
from apps.workflows.transfer import Parcel, Remark, import_document, normalised
from tests.workflows.definitions import definition, hook, link, node, order_approval, small, transform
from tests.workflows.transfer.fixtures import NAMES, fixture

SOUND = {name for name in NAMES if name != "n8n_legacy"}
Json = dict[str, Any]


def shown(parcel: Parcel) -> tuple[dict[str, str], set[tuple[str, str, str]]]:
    """The types of its nodes by id, and its connections."""
    nodes = {each["id"]: f"{each['type']}.{each['subtype']}" for each in parcel.definition["nodes"]}
    edges = {(each["from"], each["port"], each["to"]) for each in parcel.definition["connections"]}
    return nodes, edges


def told(parcel: Parcel, kind: str = "left_out") -> set[str]:
    return {remark.node for remark in parcel.remarks if remark.kind == kind}


@pytest.mark.parametrize("name", NAMES)
def test_each_fixture_is_a_draft_and_every_node_of_it_is_accounted_for(name: str) -> None:
    document = fixture(name)
    parcel = import_document(document)
    assert parcel.source != "AgentFlow"
    assert no_draft(lint(parcel.definition)) == ()
    if name in SOUND:
        # The tools of these documents name a server without its address, which somebody has to fill in.
        wrong = [each for each in errors_in(lint(parcel.definition)) if not each.path.endswith(".params.url")]
        assert wrong == []
    inner = document.get("workflow", document.get("definition", document))
    rows = [*inner.get("nodes", inner.get("agents", ())), *document.get("triggers", ())]
    kept = {each["name"] for each in parcel.definition["nodes"]}
    notes = {each["text"] for each in parcel.definition.get("annotations", ())}
    for row in rows:
        if "stickyNote" in row.get("type", ""):
            assert row["parameters"]["content"] in notes
            continue
        label = row.get("name") or row.get("data", {}).get("label") or f"{row['type'].capitalize()} trigger"
        assert label in kept or label in {remark.node for remark in parcel.remarks}, label


def test_a_map_of_connections_by_kind_leads_where_it_says() -> None:
    nodes, edges = shown(parcel := import_document(fixture("connections_map")))
    assert nodes == {
        "trigger_1": "TRIGGER.WEBHOOK",
        "check": "FLOW.IF",
        "hil_confirmation": "HUMAN_IN_THE_LOOP.CONFIRMATION",
        "note": "ACTION.TRANSFORM",
        "agent": "AI_AGENT.GEMINI",
        "db": "TOOL.MCP",
        "history": "MEMORY.BUFFER",
    }
    assert edges == {
        ("trigger_1", "main", "agent"),
        ("trigger_1", "main", "check"),
        ("check", "true", "hil_confirmation"),
        ("hil_confirmation", "approved", "note"),
    }
    assert parcel.definition["settings"] == {"timezone": "Europe/Berlin", "timeout_seconds": 3600}
    ask = next(each for each in parcel.definition["nodes"] if each["id"] == "hil_confirmation")
    assert ask["params"] == {
        "title": "Approve transaction of ${{ $json.body.transaction_amount }}?",
        "timeout_seconds": 3600,
        "who": {
            "policy": "at_least",
            "assignees": ["manager@company.com", "director@company.com"],
            "approvals": 2,
        },
        "channels": ["slack"],
    }
    assert ask["retry"] == {"attempts": 2, "delay_seconds": 5}
    messages = " ".join(remark.message for remark in parcel.remarks if remark.kind == "left_out")
    assert "AI_TOOL) needs nodes of type" not in messages
    agent = next(each for each in parcel.definition["nodes"] if each["id"] == "agent")
    assert agent["attached"] == ["db", "history"]


def test_the_same_map_from_the_other_end_is_read_by_its_trigger() -> None:
    document = fixture("connections_map")
    document["nodes"] = document["nodes"][:2]
    document["connections"] = {
        "Data Ingestion": {"connection_types": {"main": {"connections": [{"node": "Large?", "type": "MAIN"}]}}}
    }
    parcel = import_document(document)
    assert shown(parcel)[1] == {("trigger_1", "main", "check")}
    assert not [remark for remark in parcel.remarks if "direction" in remark.hint]
    unclear = {**document, "nodes": [{**document["nodes"][1], "id": name, "name": name} for name in "ab"]}
    unclear["connections"] = {"a": {"main": {"connections": [{"node": "b"}]}}}
    asked = import_document(unclear)
    assert ("b", "true", "a") in shown(asked)[1]
    assert [remark.path for remark in asked.remarks if "direction" in remark.hint] == ["connections"]
    document["connections"] = {"connections": document["connections"]}
    assert shown(import_document(document))[1] == {("trigger_1", "main", "check")}


def test_configurations_attached_nodes_and_mappings() -> None:
    parcel = import_document(fixture("configurations"))
    nodes, edges = shown(parcel)
    assert nodes == {
        "nightly": "TRIGGER.CRON",
        "by_hand": "TRIGGER.MANUAL",
        "count": "ACTION.TRANSFORM",
        "enough": "FLOW.FILTER",
        "writer": "AI_AGENT.OPENAI",
        "search": "TOOL.MCP",
        "notes": "MEMORY.KEY_VALUE",
    }
    assert ("count", "main", "enough") in edges
    mapping = next(each["mapping"] for each in parcel.definition["connections"] if each["to"] == "enough")
    assert mapping == {
        "mode": "fields",
        "fields": [
            {"from": "count", "to": "count", "required": True},
            {"from": "day", "to": "when.day", "transform": "{{ $json }}"},
        ],
    }
    assert told(parcel) >= {"Tell"}


def test_agents_with_conditions_start_by_hand() -> None:
    parcel = import_document(fixture("agents"))
    nodes, _ = shown(parcel)
    assert nodes["start"] == "TRIGGER.MANUAL"
    condition = "{{ $json.score >= 200 && $json.score < 300 }}"
    assert link("agent-4", "agent-5", condition=condition) in parcel.definition["connections"]
    assert parcel.definition["settings"] == {"max_concurrent": 3}
    assert {"Scraper", "Summarizer", ""} <= told(parcel)


def test_triggers_beside_the_nodes_become_nodes_and_lead_to_the_first() -> None:
    parcel = import_document(fixture("triggers_beside"))
    nodes, edges = shown(parcel)
    assert {nodes["webhook_trigger"], nodes["schedule_trigger"]} == {"TRIGGER.WEBHOOK", "TRIGGER.CRON"}
    assert {("webhook_trigger", "main", "clean"), ("webhook_trigger", "main", "tag")} <= edges
    assert "start" not in nodes
    assert told(parcel, "changed") == {"Both"}
    assert told(parcel) >= {"Draft answer", "Look up", "Polling trigger"}
    assert next(each for each in parcel.definition["nodes"] if each["id"] == "schedule_trigger")["disabled"] is True


def test_react_flow_ports_and_labels() -> None:
    parcel = import_document(fixture("react_flow"))
    assert parcel.source == "React Flow"
    assert shown(parcel)[1] == {("1", "main", "2"), ("2", "false", "6")}
    assert [each["name"] for each in parcel.definition["nodes"]] == ["Question", "Long?", "Shorten"]


KINDS = (
    "MAIN", "AI_AGENT", "AI_CHAIN", "AI_TOOL", "AI_MEMORY", "AI_LANGUAGE_MODEL", "AI_OUTPUT_PARSER", "AI_EMBEDDING",
    "AI_VECTOR_STORE", "AI_RETRIEVER", "AI_RERANKER", "AI_DOCUMENT", "AI_TEXT_SPLITTER",
)  # fmt: skip


@pytest.mark.parametrize("spelling", [str, str.lower, lambda kind: kind.title().replace("_", "")])
@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_is_known_however_it_is_written(kind: str, spelling: Any) -> None:
    links = [link("hook", "a") | {"kind": spelling(kind)}]
    found, remarks = normalised(definition(hook(), transform("a"), links=links))
    if kind in ("MAIN", "AI_AGENT", "AI_CHAIN"):
        assert (found["connections"], remarks) == ([link("hook", "a")], ())
    else:
        assert found["connections"] == []
        assert [remark.kind for remark in remarks] == ["left_out"]
        assert kind in remarks[0].message
        why = ("needs nodes of type", "stands in the parameters", "these two are none")
        assert any(words in remarks[0].message for words in why)


def test_an_unknown_kind_is_told() -> None:
    links = [link("hook", "a") | {"kind": "AI_MAGIC"}]
    assert normalised(definition(hook(), transform("a"), links=links))[1] == (
        Remark("left_out", "", "connections[0].kind", "There is no kind of connection “AI_MAGIC”."),
    )


def test_tools_and_memories_are_attached_once_there_are_agents(agents: None) -> None:
    nodes = [
        hook(),
        node("agent", "AI_AGENT", "FAKE"),
        node("tool", "TOOL", "FAKE"),
        node("memory", "MEMORY", "FAKE"),
    ]
    connections = {
        "Hook": {"main": [[{"node": "Agent", "type": "main", "index": 0}]]},
        "Tool": {"ai_tool": [[{"node": "Agent", "type": "ai_tool", "index": 0}]]},
        "Memory": {"ai_memory": [[{"node": "Agent", "type": "ai_memory", "index": 0}]]},
    }
    found, remarks = normalised({"nodes": nodes, "connections": connections, "settings": {}})
    assert remarks == ()
    assert found["nodes"][1]["attached"] == ["tool", "memory"]
    assert errors_in(lint(found)) == ()
    graph = compile(found)
    assert (sorted(graph.attached), graph.levels[None]) == (["memory", "tool"], ("hook", "agent"))
    assert graph.nodes["agent"].attached == ("tool", "memory")
    inward = {"Agent": {"connection_types": {"ai_tool": {"connections": [{"node": "Tool", "type": "AI_TOOL"}]}}}}
    found, _ = normalised({"nodes": nodes, "connections": inward, "settings": {}})
    assert found["nodes"][1]["attached"] == ["tool"]
    wrong, remarks = normalised(
        {"nodes": nodes, "connections": [link("hook", "agent") | {"kind": "AI_TOOL"}], "settings": {}}
    )
    assert wrong["connections"] == []
    assert "attaches a TOOL or MEMORY node" in remarks[0].message
    model = [link("tool", "agent") | {"kind": "AI_LANGUAGE_MODEL"}]
    assert "the model of an agent" in normalised({"nodes": nodes, "connections": model, "settings": {}})[1][0].message


def test_what_attachments_can_be_wrong_is_found(agents: None) -> None:
    agent = node("agent", "AI_AGENT", "FAKE", attached=["tool", "nobody", "a"])
    document = definition(
        hook(),
        agent,
        node("tool", "TOOL", "FAKE"),
        transform("a"),
        links=[link("hook", "agent"), link("agent", "tool")],
    )
    found = {(finding.code, finding.path) for finding in lint(document)}
    assert {
        ("attached.has_connection", "nodes[1].attached[0]"),
        ("attached.unknown_node", "nodes[1].attached[1]"),
        ("attached.wrong_type", "nodes[1].attached[2]"),
    } <= found


def test_what_other_products_call_the_parameters_of_agents() -> None:
    theirs = {"model_version": "gpt-5-mini", "system_message": "Be brief.", "user_prompt": "Hi", "max_iterations": 7}
    nodes = [
        hook(),
        {"id": "a", "name": "A", "type": "AI_AGENT_NODE", "subtype": "OPENAI_CHATGPT", "parameters": theirs},
    ]
    parcel = import_document({"nodes": nodes, "connections": {}})
    agent = next(each for each in parcel.definition["nodes"] if each["id"] == "a")
    assert agent["params"] == {
        "model": "gpt-5-mini",
        "system_prompt": "Be brief.",
        "prompt": "Hi",
        "limits": {"turns": 7},
    }


@pytest.mark.parametrize("document", [small(), order_approval(), {"nodes": []}])
def test_our_own_form_stays_as_it_is(document: Json) -> None:
    assert normalised(document) == (document, ())
    assert import_document(document).definition == document
    assert import_document({"definition": document, "name": "Mine"}).remarks == ()


@pytest.mark.parametrize(
    "document",
    [
        definition(hook(), transform("a", typo=1)),
        definition(hook(), transform("a"), links=[link("hook", "a", conditon="x")]),
        definition(hook(), node("a", "ACTION", "HTTP_REQEST")),
    ],
)
def test_a_mistake_in_our_form_is_no_other_form(document: Json) -> None:
    assert normalised(document) == (document, ())
    assert no_draft(lint(document))


def test_nothing_left_is_refused_with_each_node() -> None:
    agents = [{"id": "1", "name": "Writer", "type": "summarizer", "config": {}}]
    with pytest.raises(Invalid) as refused:
        import_document({"agents": agents, "connections": []})
    assert "Writer" in refused.value.errors[0].message


def test_no_form_of_json_breaks_it() -> None:
    """Parts of real files replaced by anything: it is imported or refused, and never fails otherwise."""
    dice = random.Random(4)
    odd: list[Any] = [None, True, 7, "x", "{{", "={{ $json", [], {}, [[]], {"a": {}}, [None], {"main": [[1]]}]

    def bent(value: Any) -> Any:
        if dice.random() < 0.04:
            return dice.choice(odd)
        if isinstance(value, dict):
            return {key: bent(inner) for key, inner in value.items()}
        return [bent(inner) for inner in value] if isinstance(value, list) else value

    for name in NAMES:
        document = fixture(name)
        for _ in range(25):
            try:
                lint(import_document(bent(document)).definition)
            except DomainError:
                continue


def test_notes_of_n8n_stay_where_they_are() -> None:
    places: list[tuple[Any, ...]] = []
    sticky = {"id": "s", "name": "Note", "type": "n8n-nodes-base.stickyNote", "typeVersion": 1}
    trigger = {"id": "t", "name": "T", "type": "n8n-nodes-base.manualTrigger", "position": [0, 0], "parameters": {}}
    notes = [
        {
            **sticky,
            "position": [10, -20],
            "parameters": {"content": "# Read me", "color": 4, "height": 5, "width": 300},
        },
        {**sticky, "position": [0, 0], "parameters": {"content": " "}},
        {**sticky, "position": "here", "parameters": {"content": "nowhere"}},
        {**sticky, "position": [1, 2], "parameters": {"content": "odd", "color": "#f00", "height": None}},
    ]
    parcel = import_document({"nodes": [trigger, *notes], "connections": {}})
    assert no_draft(lint(parcel.definition)) == ()
    for each in parcel.definition["annotations"]:
        places.append((each["text"], each["position"], each["width"], each["height"], each["color"]))
    assert places == [
        ("# Read me", {"x": 10, "y": -20}, 300, 40, "green"),
        ("odd", {"x": 1, "y": 2}, 240, 160, "yellow"),
    ]
