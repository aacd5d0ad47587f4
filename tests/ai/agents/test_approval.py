"""A person agrees to a call: what is asked, what can be changed, and what becomes of each answer."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import pytest

from apps.hil import forms
from apps.nodes.contract import AskHuman, Done, Effect, NodeError, Suspend
from tests.ai.agents.working import Agent, Does, call, calls

if TYPE_CHECKING:
    from tests.executions.conftest import Engine
    from tests.nodes.running import FakeModels

SCHEMA = {
    "type": "object",
    "required": ["to"],
    "properties": {"to": {"type": "string"}, "amount": {"type": "integer", "maximum": 100}},
}
PAYS = call("pay", to="Ada", amount=70)


def payer(*says: Any, approval: str = "writes", effect: Effect = Effect.WRITE) -> Agent:
    pay = Does("pay", lambda **given: "paid", SCHEMA, effect, approval)
    return Agent(calls(PAYS, text="Ada wants her money."), *says, {"text": "Done."}, does=[pay])


def asked(agent: Agent) -> tuple[Suspend, AskHuman]:
    waiting = agent.run()
    assert isinstance(waiting, Suspend)
    assert isinstance(waiting.wait, AskHuman)
    return waiting, waiting.wait


def answer(outcome: str, data: Any = None, comment: str | None = None) -> dict[str, Any]:
    return {"outcome": outcome, "data": data, "comment": comment, "answered_by": {"label": "Mara"}}


@pytest.mark.parametrize(
    ("approval", "effect", "asks"),
    [
        ("writes", Effect.WRITE, True),
        ("writes", Effect.READ, False),
        ("always", Effect.READ, True),
        ("never", Effect.WRITE, False),
    ],
)
def test_who_is_asked_when(approval: str, effect: Effect, asks: bool) -> None:
    assert isinstance(payer(approval=approval, effect=effect).run(), Suspend) is asks


def test_the_question_shows_who_wants_what_and_why_with_the_arguments_in_fields() -> None:
    waiting, question = asked(payer())
    assert question.title == "May Desk use “Pay”?"
    assert question.message == "Ada wants her money."
    assert question.data == {
        "agent": "Desk",
        "tool": "Shop",
        "function": "Pay",
        "arguments": {"to": "Ada", "amount": 70},
    }
    assert question.form == {
        "kind": "fields",
        "schema": SCHEMA,
        "initial": {"to": "Ada", "amount": 70},
        "is_answer": True,
    }
    assert waiting.state == {"key": "turn:1/tool:0/approval", "kind": "approval"}


def test_an_argument_that_no_field_shows_is_shown_all_the_same() -> None:
    pay = Does("pay", schema={"type": "object", "properties": {}}, effect=Effect.WRITE)
    agent = Agent(calls(call("pay", hidden={"iban": "X"})), does=[pay])
    assert asked(agent)[1].form["schema"]["properties"] == {"hidden": {}}


@pytest.mark.parametrize("rule", [{"type": "string", "maxLength": "x"}, {"enum": 5}, {"$ref": "https://evil.example/"}])
def test_of_a_schema_that_no_form_can_be_made_of_the_arguments_are_shown_as_they_are(rule: Any) -> None:
    pay = Does("pay", schema={"type": "object", "properties": {"to": rule}}, effect=Effect.WRITE)
    form = asked(Agent(calls(call("pay", to="Ada")), does=[pay]))[1].form
    assert form["schema"] == {"type": "object", "properties": {"to": {}}}
    assert forms.fields(form)[0].value == '"Ada"'


@pytest.mark.parametrize(
    ("said", "ran_with", "told"),
    [
        (answer("approved"), {"to": "Ada", "amount": 70}, "paid"),
        (answer("approved", {"to": "Ada", "amount": 50}), {"to": "Ada", "amount": 50}, "paid"),
        (answer("rejected", comment="Too much."), None, "Mara did not agree to this call, so it was not made. Their"),
        (answer("timeout"), None, "Nobody agreed to this call in time"),
        (None, None, "Nobody agreed to this call in time"),
    ],
)
def test_what_becomes_of_each_answer(said: Any, ran_with: Any, told: str) -> None:
    agent = payer()
    done = agent.answer(asked(agent)[0], said)
    assert isinstance(done, Done)
    assert agent.does["pay"].seen == ([] if ran_with is None else [ran_with])
    assert told in agent.told()
    kept = agent.ctx.done["turn:1/tool:0"]
    assert kept.get("refused", False) is (ran_with is None)
    assert kept.get("edited", False) is (ran_with not in (None, {"to": "Ada", "amount": 70}))
    assert kept.get("approved_by") == (None if ran_with is None else "Mara")


def test_what_does_not_fit_after_it_was_changed_is_not_done() -> None:
    agent = payer()
    with pytest.raises(NodeError) as failed:
        agent.answer(asked(agent)[0], answer("approved", {"to": "Ada", "amount": 700}))
    assert failed.value.code == "ai.arguments_unfit"
    assert agent.does["pay"].seen == []


def test_a_question_that_reaches_nobody_is_an_error() -> None:
    agent = payer()
    with pytest.raises(NodeError) as failed:
        agent.answer(asked(agent)[0], {"outcome": "undeliverable", "message": "There is no ada@example.com."})
    assert (failed.value.code, failed.value.message) == ("hil.nobody_to_ask", "There is no ada@example.com.")


def test_an_answer_counts_once_whatever_happens_to_the_node_afterwards() -> None:
    """A person agreed; the call's outcome is then unknown, and a person lets it run again: nobody is asked twice."""
    agent = payer()
    broken = agent.does["pay"]

    def work(**given: Any) -> Any:
        raise NodeError("http.timeout", "No answer.", is_unknown=True)

    whole, broken.work = broken.work, work
    with pytest.raises(NodeError):
        agent.answer(asked(agent)[0], answer("approved", {"to": "Ada", "amount": 1}))
    broken.work = whole
    assert isinstance(agent.run(), Done)
    assert broken.seen[-1] == {"to": "Ada", "amount": 1}


# ── In the whole product ─────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.integration
def test_several_questions_in_one_run_each_answered_on_the_page_by_api_and_in_words(
    engine: Engine, model: FakeModels, client: Any, cast: Any
) -> None:
    from django.urls import reverse

    from apps.core.tenancy import tenant
    from apps.hil.channels.shown import ways_in_words
    from apps.hil.models import Interaction
    from tests.ai.agents.conftest import agent as agent_node
    from tests.executions.conftest import definition, node
    from tests.hil.asking import answer as answered

    keep = node(
        "keep",
        "TOOL.NODE",
        node="ACTION.KEY_VALUE",
        title="keep",
        description="Keeps a number.",
        params={"operation": "increment", "key": "{{ $json.key }}"},
        fills=[{"name": "by", "parameter": "by", "kind": "integer"}, {"name": "note", "is_required": False}],
    )
    keeps = [call("keep", by=at, note="two\nlines") for at in (1, 2, 3)]
    model.answers += [calls(*keeps, text="Three of them."), {"text": "Kept."}]
    document = definition([node("t", "TRIGGER.MANUAL"), agent_node("keep"), keep], ["t > desk"], while_paused="allow")
    execution_id = engine.start(engine.publish(document), {"key": "count"})

    def question() -> Interaction:
        until = time.monotonic() + 10
        while time.monotonic() < until:
            with tenant(engine.workspace.id):
                found = Interaction.objects.filter(execution_id=execution_id, status="pending").first()
            if found is not None:
                return found
            time.sleep(0.02)
        raise AssertionError(engine.snapshot(execution_id))

    first = question()
    client.force_login(cast.alice)
    address = reverse("interaction", args=[engine.workspace.slug, first.id])
    page = client.get(address).content.decode()
    assert "May Desk use “Keep”?" in page
    assert "lets <b>Desk</b> go on." in page
    assert 'name="field.by" value="1"' in page
    assert "two\nlines</textarea>" in page
    posted = {"outcome": "approved", "field.by": "10", "field.note": "two\r\nlines"}
    sent = client.post(address, posted)
    assert sent.status_code in (200, 302), sent.content
    engine.poke()

    second = question()
    assert second.id != first.id
    assert {way.name for way in ways_in_words(second)} == {"approved", "rejected"}
    answered(engine.workspace, second, cast.alice, "approved")
    engine.poke()
    answered(engine.workspace, question(), cast.alice, "rejected", comment="Enough.")
    engine.poke()

    done = engine.until(execution_id)
    assert done["status"] == "SUCCESS"
    assert len(model.asked) == 2
    told = [each for each in model.asked[1].messages if each.role == "tool"]
    assert '"value": 10' in told[0].text
    assert '"value": 12' in told[1].text
    assert "Enough." in told[2].text
    run = next(each for each in done["node_runs"] if each["node_id"] == "desk")
    assert run["output"]["tools_used"] == [{"name": "keep", "title": "Keep", "calls": 3, "errors": 1}]


@pytest.mark.integration
def test_the_starter_waits_for_a_person_before_it_sorts_a_ticket(engine: Engine, model: FakeModels) -> None:
    from apps.workflows.starters import starter

    found = starter("support-agent")
    assert found is not None
    model.answers += [calls(call("put_into_queue", team="billing", why="An invoice."))]
    ticket = {"body": {"id": "T-1", "subject": "Invoice 7", "text": "It is wrong."}}
    execution_id = engine.start(engine.publish(found.definition), ticket, trigger="hook")
    parked = engine.until(execution_id, "WAITING_FOR_HUMAN", "ERROR", "SUCCESS")
    assert parked["status"] == "WAITING_FOR_HUMAN", parked
    assert "Ticket T-1" in model.asked[0].messages[-1].text
