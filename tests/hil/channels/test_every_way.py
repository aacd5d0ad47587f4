"""Every kind of question by every way, on a real engine: asked by all of them at once, answered by one.

The message is taken from where it arrived, answered as that place allows, and the run goes on by the right port, once;
the other messages say how it ended, and the record holds. What words cannot answer is said, with the way that can.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from django.test import Client
from rest_framework.test import APIClient

from apps.accounts import services as accounts
from apps.core.tenancy import tenant
from apps.hil import proof
from apps.hil.models import Delivery, Interaction
from tests.hil.asking import again
from tests.hil.channels.outside import Outside, html_of, link_in, text_of
from tests.hil.web.test_views import client_of

if TYPE_CHECKING:
    from tests.executions.conftest import Engine

pytestmark = pytest.mark.integration
JONAS = "jonas@elsewhere.example"
TITLE = "What about order A-1?"
BY_FORM = "This question is answered by a form. Please open the question and answer there."


@dataclass(frozen=True)
class Kind:
    """A question and its answer: in a browser's form, in the API, in words. Without `words` none can give it."""

    subtype: str
    params: dict[str, Any]
    button: str
    port: str
    label: str
    data: Any = None
    posted: Mapping[str, Any] = field(default_factory=dict)
    words: str = ""
    words_port: str = ""
    resumed: Mapping[str, Any] = field(default_factory=dict)


FORM = {
    "type": "object",
    "required": ["carrier", "boxes"],
    "properties": {"carrier": {"type": "string", "enum": ["DHL", "UPS"]}, "boxes": {"type": "integer", "minimum": 1}},
}
OPTIONS = [
    {"name": "oak", "label": "Solid oak"},
    {"name": "pine", "label": "White pine"},
    {"name": "ash", "label": "Ash"},
]
NEW = "Imports are twice as fast."
KINDS = {
    "confirmation": Kind(
        "CONFIRMATION",
        {},
        button="approved",
        port="approved",
        label="Approve",
        words="Approved",
        resumed={"approved": True},
    ),
    "input": Kind(
        "INPUT",
        {"form": FORM, "initial": {"boxes": 2}},
        button="answered",
        port="answered",
        label="Send…",
        data={"carrier": "UPS", "boxes": 3},
        posted={"field.carrier": "UPS", "field.boxes": "3"},
        resumed={"resume_data": {"carrier": "UPS", "boxes": 3}},
    ),
    "decision": Kind(
        "DECISION",
        {"options": OPTIONS},
        button="pine",
        port="pine",
        label="White pine",
        words="White pine, please.",
        resumed={"output_port": "pine"},
    ),
    "several": Kind(
        "DECISION",
        {"options": OPTIONS, "choose": "several", "most": 2},
        button="answered",
        port="answered",
        label="Choose…",
        data=["oak", "ash"],
        posted={"field.selected": ["oak", "ash"]},
        resumed={"resume_data": ["oak", "ash"]},
    ),
    "review": Kind(
        "REVIEW",
        {"content": "Imports are fastr."},
        button="approved",
        port="edited",
        label="Approve…",
        data={"content": NEW},
        posted={"field.content": NEW},
        words="Rejected: it is too short.",
        words_port="rejected",
        resumed={"output_port": "edited", "resume_data": {"content": NEW}},
    ),
}


@dataclass
class Story:
    """A run that waits for Alice or Jonas, asked in the inbox, by mail, in Slack and by webhook."""

    outside: Outside
    engine: Engine
    kind: Kind
    row: Interaction
    api: Callable[..., APIClient]

    def mail_to(self, address: str) -> Any:
        """The question, as it came to somebody."""
        return next(mail for mail in self.outside.smtp.mails() if mail["To"] == address and mail["Subject"] == TITLE)

    def message_to(self, channel: str) -> dict[str, Any]:
        """The question in somebody's own messages with the app, or what became of it."""
        found = (each for (where, _), each in self.outside.slack.messages.items() if where == channel)
        return next(each for each in found if "thread_ts" not in each)

    def is_pending(self) -> bool:
        """Whether it still waits."""
        return again(self.outside.cast.workspace, self.row).is_pending


@pytest.fixture
def story(engine: Engine, outside: Outside, api: Callable[..., APIClient], request: pytest.FixtureRequest) -> Story:
    """The kind the test is called with, asked and delivered everywhere."""
    kind = KINDS[request.node.callspec.params["name"]]
    outside.slack.knows("U0JONAS", "Jonas", JONAS)
    outside.with_mail()
    outside.with_slack()
    outside.with_webhook()
    outside.look()
    who = {"assignees": ["alice@example.com", JONAS]}
    params = {"title": TITLE, "who": who, "channels": ["email", "slack", "webhook"], **kind.params}
    ports = sorted({kind.port, kind.words_port} - {""})
    step = {"type": "ACTION", "subtype": "TRANSFORM", "params": {"fields": [{"name": "got", "value": "{{ $json }}"}]}}
    document = {
        "nodes": [
            {"id": "t", "name": "Start", "type": "TRIGGER", "subtype": "MANUAL", "params": {}},
            {"id": "ask", "name": "Ask", "type": "HUMAN_IN_THE_LOOP", "subtype": kind.subtype, "params": params},
            *({"id": port, "name": port, **step} for port in ports),
        ],
        "connections": [
            {"from": "t", "port": "main", "to": "ask"},
            *({"from": "ask", "port": port, "to": port} for port in ports),
        ],
        "settings": {"while_paused": "allow"},
    }
    execution_id = engine.start(engine.publish(document))
    engine.until(execution_id, "WAITING_FOR_HUMAN")
    outside.work()
    with tenant(engine.workspace.id):
        row = Interaction.objects.get(execution_id=execution_id)
        Delivery.objects.update(created_at=row.created_at - timedelta(minutes=1))  # nobody writes within a second
    assert {(each.channel, each.label, each.status) for each in outside.deliveries()} == {
        ("email", "Alice", "delivered"),
        ("email", JONAS, "delivered"),
        ("slack", "Alice", "delivered"),
        ("slack", JONAS, "delivered"),
        ("webhook", "Webhook", "delivered"),
    }
    return Story(outside, engine, kind, row, api)


# ── The ways ─────────────────────────────────────────────────────────────────────────────────────────────────────────


def by_page(story: Story) -> None:
    page = client_of(story.outside.cast.alice)
    url = f"/w/acme/inbox/{story.row.id}/"
    assert all(f'name="{name}"' in page.get(url).content.decode() for name in story.kind.posted)
    assert page.post(url, {"outcome": story.kind.button, **story.kind.posted}).status_code == 302


def by_link(story: Story) -> None:
    url, reader = link_in(story.mail_to(JONAS)), Client(enforce_csrf_checks=True)
    page = reader.get(url)
    assert all(f'name="{name}"' in page.content.decode() for name in story.kind.posted)
    assert story.is_pending()
    token = {"csrfmiddlewaretoken": page.context["csrf_token"]}
    assert reader.post(url, {"outcome": story.kind.button, **story.kind.posted, **token}).status_code == 200


def by_reply(story: Story) -> None:
    asked = story.mail_to(JONAS)
    is_offered = "Or reply to this mail with" in html_of(asked)
    assert is_offered == bool(story.kind.words)
    if story.kind.words:
        story.outside.replies_with(story.kind.words, to=asked)
        return
    story.outside.replies_with("UPS, 3 boxes", to=asked)
    assert story.is_pending()
    said = story.outside.smtp.mails()[-1]
    assert (said["To"], said["In-Reply-To"] is not None, BY_FORM in text_of(said)) == (JONAS, True, True)
    Client().post(link_in(said), {"outcome": story.kind.button, **story.kind.posted})


def by_button(story: Story) -> None:
    message = story.message_to("D0ALICE")
    story.outside.press(story.kind.label, user="U0ALICE", message=message)
    if not story.kind.label.endswith("…"):
        return
    assert story.is_pending()
    (view,) = story.outside.slack.views
    values = {block["block_id"]: block["element"] for block in view["blocks"] if block["type"] == "input"}
    filled = {name: typed(values[name], value) for name, value in story.kind.posted.items()}
    assert story.outside.slack_sends(story.outside.slack.submit(view, filled, user="U0ALICE")).content == b""


def typed(element: Mapping[str, Any], value: Any) -> dict[str, Any]:
    """What Slack sends when somebody enters this into an element; choices by their words."""
    if "options" not in element:
        return {"type": element["type"], "value": value}
    labels = {each["label"]: each["name"] for each in OPTIONS}
    known = {labels.get(each["text"]["text"], each["text"]["text"]): each for each in element["options"]}
    if isinstance(value, list):
        return {"type": element["type"], "selected_options": [known[each] for each in value]}
    return {"type": element["type"], "selected_option": known[value]}


def by_thread(story: Story) -> None:
    message = story.message_to("D0JONAS")
    where = {"user": "U0JONAS", "channel": "D0JONAS", "thread": message["ts"]}
    story.outside.slack_sends(story.outside.slack.event(story.kind.words or "UPS, 3 boxes", **where))
    if story.kind.words:
        return
    assert story.is_pending()
    said = story.outside.slack.message()
    assert (said["thread_ts"], BY_FORM in said["text"]) == (message["ts"], True)
    by_page(story)


def by_webhook(story: Story) -> None:
    told = story.outside.hook.seen[0]["body"]["data"]
    assert story.kind.port in [way["name"] for way in told["outcomes"]]
    key = accounts.api_key_create(
        workspace=story.outside.cast.workspace, name="ERP", actor=story.outside.cast.owner
    ).secret
    path = told["answer_url"].partition("://")[2].partition("/")[2]
    body = {"outcome": story.kind.port, "data": story.kind.data}
    assert story.api(key).post(f"/{path}", body).status_code == 200


def by_resume(story: Story) -> None:
    url = f"/api/v1/app/executions/{story.row.execution_id}/resume"
    threading.Timer(0.05, story.engine.poke).start()  # as the message to the workers does
    said = story.api(story.outside.cast.alice).post(url, dict(story.kind.resumed)).json()
    assert (said["status"], said["completed"], said["outcome"]) == ("SUCCESS", True, story.kind.port)


WAYS: dict[str, tuple[Callable[[Story], None], str, str]] = {
    "page": (by_page, "app", "Alice"),
    "link": (by_link, "link", JONAS),
    "reply": (by_reply, "email", JONAS),
    "button": (by_button, "slack", "Alice"),
    "thread": (by_thread, "slack", JONAS),
    "webhook": (by_webhook, "api", "key ERP"),
    "resume": (by_resume, "app", "Alice"),
}
"""How it is answered, and how the record names the way and the person."""
WORDS = ("reply", "thread")


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("name", KINDS)
def test_every_kind_is_answered_by_every_way(story: Story, name: str, way: str) -> None:
    kind, (answer, via, who) = story.kind, WAYS[way]
    port = kind.words_port or kind.port if way in WORDS else kind.port
    if way in WORDS and not kind.words:
        via, who = ("link", JONAS) if way == "reply" else ("app", "Alice")

    answer(story)

    story.engine.poke()
    done = story.engine.until(story.row.execution_id)
    ran = {run["node_id"]: (run["state"], run["port"]) for run in done["node_runs"]}
    assert (done["status"], ran["ask"], done["resume_count"]) == ("SUCCESS", ("COMPLETED", port), 1)
    assert ran[port][0] == "COMPLETED"
    got = done["output"]["got"]
    wanted = kind.data if port == kind.port else {"content": kind.params["content"]}
    assert (got["data"], got["decided_by"], got["answered_by"]["label"]) == (wanted, "person", who)

    story.outside.work()
    ended = f"{'White pine' if port == 'pine' else port.capitalize()} by {who} on"
    for channel in ("D0ALICE", "D0JONAS"):
        message = story.message_to(channel)
        assert (message["is_updated"], [block for block in message["blocks"] if block["type"] == "actions"]) == (
            True,
            [],
        )
        assert ended in str(message["blocks"]), message["blocks"]
    told = [mail["To"] for mail in story.outside.smtp.mails() if ended in text_of(mail)]
    asked = {"alice@example.com", JONAS} - {JONAS if who == JONAS else "alice@example.com"}
    assert set(told) == asked  # whoever answered knows
    last = story.outside.hook.seen[-1]["body"]
    assert (last["type"], last["data"]["outcome"], last["data"]["answered_by"]) == ("question.decided", port, who)
    spent = Client().post(link_in(story.mail_to(JONAS)), {"outcome": "approved"})
    assert spent.status_code in (409, 410)

    seen = story.api(story.outside.cast.alice).get(f"/api/v1/app/interactions/{story.row.id}").json()
    assert (seen["status"], seen["outcome"], seen["answered_via"], seen["answered_by"]) == ("answered", port, via, who)
    history = story.api(story.outside.cast.alice).get(f"/api/v1/app/interactions/{story.row.id}/history").json()
    kinds = [entry["kind"] for entry in history["results"]]
    assert (kinds.count("asked"), kinds.count("delivered"), kinds.count("decided")) == (1, 5, 1)
    assert proof.verify(story.row.workspace_id) == proof.Verdict(1, ())
