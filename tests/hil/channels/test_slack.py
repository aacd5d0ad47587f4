"""In Slack: messages with buttons, dialogs, threads, and who may."""

from __future__ import annotations

import time
from typing import Any

import pytest
from django.test import Client

from apps.accounts import services as accounts
from apps.core import clock
from apps.core.tenancy import tenant
from apps.executions import services as executions
from apps.hil import selectors
from apps.integrations.models import VendorDelivery
from tests.fakes.slack import headers_for
from tests.hil.asking import again
from tests.hil.channels.outside import Outside, json_of

pytestmark = pytest.mark.django_db
FORM = {
    "kind": "fields",
    "schema": {
        "type": "object",
        "required": ["carrier", "boxes"],
        "properties": {
            "carrier": {"type": "string", "enum": ["DHL", "UPS"]},
            "boxes": {"type": "integer", "minimum": 1},
            "note": {"type": "string"},
        },
    },
    "initial": {"boxes": 2},
}


def texts(message: dict[str, Any]) -> str:
    """All words of a message."""
    found = [block.get("text", {}).get("text", "") for block in message["blocks"]]
    found += [each["text"] for block in message["blocks"] if block["type"] == "context" for each in block["elements"]]
    return "\n".join(found)


def buttons(message: dict[str, Any]) -> list[str]:
    return [
        each["text"]["text"] for block in message["blocks"] if block["type"] == "actions" for each in block["elements"]
    ]


def test_a_question_is_written_pressed_and_brought_up_to_date(outside: Outside) -> None:
    outside.with_slack()
    row = outside.ask("alice@example.com", by=["slack"], data={"order": "A-1 <!channel>"})

    message = outside.slack.message()
    assert (message["channel"], message["text"]) == ("D0ALICE", "Ship order A-1?")
    assert buttons(message) == ["Approve", "Reject"]
    assert "A-1 &lt;!channel&gt;" in texts(message)
    assert "/i/" not in str(message)  # a message may be seen by others

    began = time.monotonic()
    answer = outside.press("Approve", user="U0ALICE")
    assert (answer.status_code, answer.content) == (200, b"")
    assert time.monotonic() - began < 3
    kept = again(outside.cast.workspace, row)
    assert (kept.outcome, kept.answered_by, kept.answered_via) == ("approved", "Alice", "slack")
    assert kept.answered_by_user_id == outside.cast.alice.id
    changed = outside.slack.message()
    assert changed["is_updated"]
    assert buttons(changed) == []
    assert "Approved by Alice on" in texts(changed)


def test_a_channel_shows_one_message_to_all_and_lets_in_whoever_is_asked(outside: Outside) -> None:
    outside.with_slack()
    row = outside.ask("alice@example.com", by=["slack:#approvals"])
    message = outside.slack.message()
    assert message["channel"] == "C0APPROVALS"

    outside.press("Approve", user="U0BOB", message=message)  # a member who was not asked
    outside.press("Approve", user="U0DORA", message=message)  # nobody of the workspace
    outside.slack.knows("U0ROBOT", "Robot", "alice@example.com", is_bot=True)
    outside.press("Approve", user="U0ROBOT", message=message)
    outside.slack.knows("U0MALLORY", "Alice", "alice@example.com", team="T0EVIL")
    outside.press("Approve", user="U0MALLORY", message=message)  # calls herself alice, in a workspace of her own

    assert again(outside.cast.workspace, row).is_pending
    told = [(each["user"], each["text"]) for each in outside.slack.whispers]
    assert [user for user, _ in told] == ["U0BOB", "U0DORA", "U0ROBOT", "U0MALLORY"]
    assert "This question is put to Alice." in told[0][1]
    assert "You were not asked" in told[1][1]
    assert all(text for _, text in told)
    outside.press("Reject", user="U0ALICE", message=message)
    assert again(outside.cast.workspace, row).outcome == "rejected"


def test_a_second_press_is_told_who_was_first_and_the_same_delivery_counts_once(outside: Outside) -> None:
    outside.with_slack()
    row = outside.ask("alice@example.com", "bob@example.com", by=["slack:#approvals"])
    message = dict(outside.slack.message())
    action = next(block for block in message["blocks"] if block["type"] == "actions")["elements"][0]
    body = outside.slack.press(action, message, user="U0ALICE")
    for _ in range(3):
        assert outside.slack_sends(body).status_code == 200
    with tenant(row.workspace_id):
        assert VendorDelivery.objects.count() == 1
        assert len(selectors.votes_of(workspace_id=row.workspace_id, interaction_id=row.id)) == 1
    outside.press("Reject", user="U0BOB", message=message)
    assert "Already answered by Alice" in outside.slack.whispers[-1]["text"]
    assert again(outside.cast.workspace, row).outcome == "approved"


def test_a_viewer_may_not_answer_a_question_to_everybody(outside: Outside) -> None:
    outside.with_slack(channel="#approvals")
    accounts.member_add(
        workspace=outside.cast.workspace, email="dora@elsewhere.example", role="viewer", actor=outside.cast.owner
    )
    row = outside.ask(by=["slack"])
    message = outside.slack.message()
    assert message["channel"] == "C0APPROVALS"
    outside.press("Approve", user="U0DORA")
    assert again(outside.cast.workspace, row).is_pending
    outside.press("Approve", user="U0BOB")
    assert again(outside.cast.workspace, row).answered_by == again(outside.cast.workspace, row).answered_by_user.label  # type: ignore[union-attr]


def test_a_form_is_a_dialog_whose_faults_stand_beside_their_fields(outside: Outside) -> None:
    from apps.nodes.contract import Outcome

    outside.with_slack()
    row = outside.ask(
        "alice@example.com",
        by=["slack"],
        question="INPUT",
        form=FORM,
        outcomes=(Outcome("answered", "Send", "primary"),),
    )
    assert buttons(outside.slack.message()) == ["Send…"]
    assert outside.press("Send…", user="U0ALICE").status_code == 200
    (view,) = outside.slack.views
    elements = {block["block_id"]: block["element"]["type"] for block in view["blocks"] if block["type"] == "input"}
    assert elements == {
        "field.carrier": "static_select",
        "field.boxes": "number_input",
        "field.note": "plain_text_input",
        "hil.comment": "plain_text_input",
    }
    ups = {"type": "static_select", "selected_option": {"value": "1"}}
    bad = outside.slack.submit(view, {"field.carrier": ups, "field.boxes": {"value": "0"}}, user="U0ALICE")
    refused = json_of(outside.slack_sends(bad))
    assert refused == {"response_action": "errors", "errors": {"field.boxes": "This should be at least 1."}}
    assert again(outside.cast.workspace, row).is_pending

    values = {"field.carrier": ups, "field.boxes": {"value": "3"}, "hil.comment": {"value": "Today."}}
    answer = outside.slack_sends(outside.slack.submit(view, values, user="U0ALICE"))
    assert answer.content == b""
    kept = again(outside.cast.workspace, row)
    assert (kept.outcome, kept.comment, kept.answer["data"]) == ("answered", "Today.", {"carrier": "UPS", "boxes": 3})
    late = json_of(outside.slack_sends(outside.slack.submit(view, values, user="U0ALICE")))
    assert (late["response_action"], "Already answered" in str(late["view"])) == ("update", True)


def test_words_in_the_thread_are_read_and_unclear_ones_asked_back_there(outside: Outside) -> None:
    outside.with_slack()
    row = outside.ask("alice@example.com", by=["slack:#approvals"])
    message = outside.slack.message()
    say = {"channel": "C0APPROVALS", "thread": message["ts"]}

    outside.slack_sends(outside.slack.event("approved", user="U0BOB", **say))
    outside.slack_sends(outside.slack.event("nice weather", user="U0BOB", **say))
    outside.slack_sends(outside.slack.event("approved", user="U0ALICE", channel="C0APPROVALS"))  # in no thread
    outside.slack_sends(outside.slack.event("ok, but only tomorrow", user="U0ALICE", **say))
    assert again(outside.cast.workspace, row).is_pending
    assert [reply.action for reply in outside.replies()] == ["refuse", "ignore", "ask_back"]
    back = outside.slack.message()
    assert (back["thread_ts"], "I cannot tell what your answer is." in back["text"]) == (message["ts"], True)

    outside.slack_sends(outside.slack.event("<@U0BOT> no, too expensive", user="U0ALICE", **say))
    kept = again(outside.cast.workspace, row)
    assert (kept.outcome, kept.answered_via) == ("rejected", "slack")


def test_words_to_the_app_count_when_one_question_waits_there(outside: Outside) -> None:
    outside.with_slack()
    first = outside.ask("alice@example.com", by=["slack"])
    second = outside.ask("alice@example.com", by=["slack"], title="Pay 500?")
    outside.slack_sends(outside.slack.event("approved", user="U0ALICE", channel="D0ALICE"))
    assert "Several questions wait here" in outside.slack.message()["text"]
    outside.press("Reject", user="U0ALICE", message=dict(next(iter(outside.slack.messages.values()))))
    outside.slack_sends(outside.slack.event("approved", user="U0ALICE", channel="D0ALICE"))
    assert again(outside.cast.workspace, first).outcome == "rejected"
    assert again(outside.cast.workspace, second).outcome == "approved"


def test_deliveries_are_tried_again_and_what_cannot_be_is_said(outside: Outside) -> None:
    outside.with_slack()
    outside.slack.limits("chat.postMessage", times=2)
    outside.ask("alice@example.com", by=["slack"])
    assert [each.status for each in outside.deliveries()] == ["delivered"]
    row = outside.ask("slack:U0NOBODY", by=["slack:#nowhere"])
    failed = [each.error for each in outside.deliveries() if each.status == "failed"]
    assert failed == ["Slack answered chat.postMessage with “channel_not_found”."]
    assert again(outside.cast.workspace, row).outcome == "undeliverable"


def test_withdrawn_and_late_questions_lose_their_buttons(outside: Outside) -> None:
    outside.with_slack()
    row = outside.ask("alice@example.com", by=["slack"])
    executions.execution_cancel(
        workspace_id=row.workspace_id, execution_id=row.execution_id, now=clock.now(), by="alice"
    )
    outside.work()
    message = outside.slack.message()
    assert buttons(message) == []
    assert "Withdrawn, because the run ended" in texts(message)


def test_slack_away_does_not_lose_an_answer(outside: Outside) -> None:
    outside.with_slack()
    row = outside.ask("alice@example.com", by=["slack"])
    outside.slack.limits("users.info", times=2)
    outside.press("Approve", user="U0ALICE")
    assert again(outside.cast.workspace, row).outcome == "approved"


def test_nothing_a_stranger_signs_answers(outside: Outside) -> None:
    outside.with_slack()
    row = outside.ask("alice@example.com", by=["slack"])
    message = outside.slack.message()
    action = next(block for block in message["blocks"] if block["type"] == "actions")["elements"][0]
    body = outside.slack.press(action, message, user="U0ALICE")
    headers = headers_for(body, secret="mallory's own secret")
    kind = headers.pop("Content-Type")
    refused = Client().post("/integrations/slack/events", body, content_type=kind, headers=headers)
    outside.work()
    assert refused.status_code == 401
    assert again(outside.cast.workspace, row).is_pending


def test_a_reply_that_is_shown_in_the_channel_too_counts_and_an_unproven_address_does_not(outside: Outside) -> None:
    outside.with_slack()
    row = outside.ask("alice@example.com", by=["slack"])
    message = outside.slack.message()
    said: dict[str, Any] = {"channel": message["channel"], "thread": message["ts"], "subtype": "thread_broadcast"}
    outside.slack.people["U0ALICE"]["is_email_confirmed"] = False
    outside.slack_sends(outside.slack.event("Approved", user="U0ALICE", **said))
    assert again(outside.cast.workspace, row).is_pending
    outside.slack.people["U0ALICE"]["is_email_confirmed"] = True
    outside.slack_sends(outside.slack.event("Approved", user="U0ALICE", **said))
    assert again(outside.cast.workspace, row).outcome == "approved"
