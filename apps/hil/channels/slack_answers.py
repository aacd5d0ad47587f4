"""What people do in Slack with our messages: pressed buttons, filled dialogs, words in threads.

What cannot wait (opening a dialog, saying what is wrong in it) is answered in the request. The rest is told as an event
and worked off by the outbox: it asks Slack who somebody is, so it must not hold a transaction.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from django.utils.translation import gettext as _

from apps.core import clock
from apps.core.errors import DomainError, FieldError
from apps.core.models import Event, Message
from apps.core.outbox import message_put
from apps.core.subscriptions import Sent
from apps.core.tenancy import tenant
from apps.hil import forms, selectors, services
from apps.hil.channels import blocks
from apps.hil.channels.answerers import of_slack_user
from apps.hil.channels.contract import CannotDeliver
from apps.hil.channels.incoming import Words, words_take
from apps.hil.channels.planning import UPDATE, message_for
from apps.hil.channels.shown import Way, ways_of
from apps.hil.channels.slack import client_of, thread_name
from apps.hil.models import ChannelKind, Delivery, DeliveryStatus, Interaction
from apps.hil.replies.texts import of_slack, own_words
from apps.hil.services import Answerer
from apps.integrations.inbound import Reply
from apps.integrations.models import VendorDelivery
from apps.integrations.vendors.slack.client import Client, Person, SlackFailed

logger = logging.getLogger(__name__)

OUTBOX = "slack-answer"
PATIENCE_SECONDS = 2.0
"""For a dialog: Slack waits three seconds for the answer to a press."""


# ── In the request ───────────────────────────────────────────────────────────────────────────────────────────────────


def answer_at_once(workspace_id: UUID, credential_id: UUID, body: Mapping[str, Any]) -> Reply | None:
    """Open the dialog behind a button, or refuse what was filled into one, with the fault beside its field."""
    try:
        if body.get("type") == "block_actions":
            return _open_dialog(workspace_id, credential_id, body)
        if body.get("type") == "view_submission":
            return _refuse_dialog(workspace_id, body)
    except (DomainError, SlackFailed, KeyError, ValueError, TypeError) as failed:
        logger.warning("Slack could not be answered at once: %s", failed)
    return None


def _open_dialog(workspace_id: UUID, credential_id: UUID, body: Mapping[str, Any]) -> Reply | None:
    pressed = _pressed(body)
    if pressed is None or not pressed.get("form"):
        return None
    with tenant(workspace_id):
        found = _found(workspace_id, pressed["delivery"])
        if found is None or services.refusal(found[1], clock.now()) is not None:
            return None
        row, interaction = found
        way = _way(interaction, pressed["outcome"])
    if way is None:
        return None
    view = blocks.dialog(
        interaction.title,
        way,
        _fields(interaction, way),
        metadata={"delivery": str(row.id), "outcome": way.name},
        needs_comment=way.name in interaction.needs_comment,
    )
    client_of(workspace_id, credential_id, seconds=PATIENCE_SECONDS).open_view(str(body["trigger_id"]), view)
    return Reply()


def _refuse_dialog(workspace_id: UUID, body: Mapping[str, Any]) -> Reply | None:
    meant = _meant(body)
    if meant is None:
        return None
    with tenant(workspace_id):
        found = _found(workspace_id, meant["delivery"])
    if found is None:
        return None
    interaction = found[1]
    closed = services.refusal(interaction, clock.now())
    if closed is not None:
        text = {"type": "section", "text": {"type": "plain_text", "text": closed.message[:2_900]}}
        title = {"type": "plain_text", "text": "Too late"}
        return _json({"response_action": "update", "view": {"type": "modal", "title": title, "blocks": [text]}})
    errors = _errors(interaction, meant["outcome"], body)
    return _json({"response_action": "errors", "errors": errors}) if errors else None


def _errors(interaction: Interaction, outcome: str, body: Mapping[str, Any]) -> dict[str, str]:
    way = _way(interaction, outcome)
    filled = _filled(interaction, way, body)
    if outcome in interaction.needs_comment and not filled.comment.strip():
        return {blocks.COMMENT: _("Please say why.")}
    try:
        data = forms.data_of(interaction.form, filled) if way and _has_form(interaction, way) else None
        faults = forms.checked(interaction.form, outcome, data).errors
    except DomainError as wrong:
        faults = tuple(wrong.errors) or (FieldError("data", wrong.message),)
    names = {field.name: field for field in _fields(interaction, way)} if way else {}
    found: dict[str, str] = {}
    for fault in faults:
        key = fault.path.removeprefix("data").removeprefix(".")
        name = next((name for name, field in names.items() if field.key == key), next(iter(names), blocks.COMMENT))
        found.setdefault(name, fault.message)
    return found


def _json(value: Any) -> Reply:
    return Reply(json.dumps(value).encode(), "application/json")


# ── By the outbox ────────────────────────────────────────────────────────────────────────────────────────────────────


def vendor_delivered(*, event: Event, now: datetime) -> None:
    """Put what Slack sent on its way to be worked off. Must run inside `tenant()`."""
    if event.data.get("vendor") == "slack":
        message_put(
            workspace_id=event.workspace_id,
            channel=OUTBOX,
            subject_id=event.subject_id,
            target=f"Slack: {event.data.get('kind')}",
            now=now,
        )


def slack_answer_take(message: Message) -> Sent:
    """Work off one delivery of Slack. Tried again while Slack cannot be asked who it was."""
    with tenant(message.workspace_id):
        rows = VendorDelivery.objects.filter(workspace_id=message.workspace_id, id=message.subject_id)
        given = rows.first()
    if given is None:
        return Sent(True, answer="Nothing to do: it is gone.")
    client = client_of(message.workspace_id, given.credential_id)
    try:
        work = {"block_actions": _button, "view_submission": _dialog}.get(given.kind, _words)
        said = work(message.workspace_id, client, given)
    except (SlackFailed, CannotDeliver) as failed:
        is_final = isinstance(failed, SlackFailed) and not failed.is_passing
        return Sent(False, error=f"{failed.message} {failed.hint or ''}".strip(), is_refused=is_final)
    return Sent(True, answer=said)


def _button(workspace_id: UUID, client: Client, given: VendorDelivery) -> str:
    pressed = _pressed(given.body)
    if pressed is None:
        return "Nothing to do: it is no button of ours."
    return _answer(workspace_id, client, given, pressed, data=None, comment="")


def _dialog(workspace_id: UUID, client: Client, given: VendorDelivery) -> str:
    meant = _meant(given.body)
    if meant is None:
        return "Nothing to do: it is no dialog of ours."
    with tenant(workspace_id):
        found = _found(workspace_id, meant["delivery"])
    if found is None:
        return "Nothing to do: the question is gone."
    way = _way(found[1], meant["outcome"])
    filled = _filled(found[1], way, given.body)
    data = forms.data_of(found[1].form, filled) if way and _has_form(found[1], way) else None
    return _answer(workspace_id, client, given, meant, data=data, comment=filled.comment)


def _answer(
    workspace_id: UUID, client: Client, given: VendorDelivery, meant: Mapping[str, Any], *, data: Any, comment: str
) -> str:
    user = str(given.body["user"]["id"])
    person = client.person(user)
    with tenant(workspace_id):
        found = _found(workspace_id, meant["delivery"])
        if found is None:
            return "Nothing to do: the question is gone."
        row, interaction = found
        answerer = _answerer(interaction, person, str(given.body.get("team", {}).get("id") or ""))
    now = clock.now()
    said = ""
    if answerer is None:
        said = _refused_person(person, row)
    else:
        try:
            services.interaction_answer(
                workspace_id=workspace_id,
                interaction_id=interaction.id,
                answerer=answerer,
                outcome=str(meant["outcome"]),
                comment=comment,
                data=data,
                now=now,
            )
        except DomainError as refused:
            said = " ".join([refused.message, refused.hint or ""]).strip()
    if said:
        with tenant(workspace_id):
            message_for(row, UPDATE, now=now, because="refused")
        channel, ts = str(row.place.get("channel") or ""), str(row.place.get("ts") or "")
        if channel.startswith("D"):
            client.post(channel, blocks.escaped(said), thread=ts)
        else:
            client.whisper(channel, user, blocks.escaped(said))
    return said or "Answered."


def _words(workspace_id: UUID, client: Client, given: VendorDelivery) -> str:
    event = given.body.get("event") or {}
    channel, thread = str(event.get("channel") or ""), str(event.get("thread_ts") or "")
    text = own_words(of_slack(str(event.get("text") or "")))
    with tenant(workspace_id):
        rows = Delivery.objects.filter(workspace_id=workspace_id, channel=ChannelKind.SLACK)
        if thread:
            near = list(rows.filter(thread=thread_name(channel, thread))[:1])
        elif channel.startswith("D"):  # in the person's own messages with the app, where one question waits
            here = rows.filter(thread__startswith=f"{channel}:", status=DeliveryStatus.DELIVERED)
            near = list(here.filter(interaction__status="pending")[:2])
        else:
            near = []
    if not near:
        return "Nothing to do: it belongs to no question of ours."
    if len(near) > 1:
        client.post(channel, _("Several questions wait here. Please reply in the thread of the one you mean."))
        return "Asked which one is meant."
    (row,) = near
    person = client.person(str(event.get("user") or ""))
    with tenant(workspace_id):
        interaction = selectors.interaction_get(workspace_id=workspace_id, interaction_id=row.interaction_id)
        answerer = _answerer(interaction, person, str(given.body.get("team_id") or ""))
    is_asked = answerer is not None and (answerer.ask_id is not None or not interaction.has_asks)
    words = Words(
        workspace_id=workspace_id,
        delivery_id=row.id,
        channel=ChannelKind.SLACK,
        external_id=f"{channel}:{event.get('ts')}",
        own=text,
        at=_moment(event.get("ts")) or given.received_at,
        sender=person.name,
        answerer=answerer,
        is_from_recipient=is_asked,
        is_linked=True if thread else None,
        names=(person.name,),
        is_bot=person.is_bot,
        thread=thread or str(event.get("ts") or ""),
    )
    return str(words_take(words=words, now=clock.now()) or "Taken before.")


# ── What is meant, and by whom ───────────────────────────────────────────────────────────────────────────────────────


def _answerer(interaction: Interaction, person: Person, team: str) -> Answerer | None:
    """Nobody from another workspace that shares a channel: what they call themselves there is their own affair."""
    if person.is_bot or not team or person.team != team:
        return None
    return of_slack_user(interaction, person.id, person.email)


def _refused_person(person: Person, row: Delivery) -> str:
    if person.is_bot:
        return _("Questions are answered by people.")
    text = _("You were not asked, %(name)s: nobody in %(workspace)s who may answer has your e-mail address.")
    return text % {"name": person.name, "workspace": row.workspace.name}


def _pressed(body: Mapping[str, Any]) -> dict[str, Any] | None:
    """Which answer of which delivery, of a button of ours."""
    for action in body.get("actions") or ():
        if str(action.get("action_id") or "").startswith(blocks.ANSWER):
            found = json.loads(action.get("value") or "{}")
            return found if isinstance(found, dict) and {"delivery", "outcome"} <= set(found) else None
    return None


def _meant(body: Mapping[str, Any]) -> dict[str, Any] | None:
    view = body.get("view") or {}
    if view.get("callback_id") != blocks.DIALOG:
        return None
    found = json.loads(view.get("private_metadata") or "{}")
    return found if isinstance(found, dict) and {"delivery", "outcome"} <= set(found) else None


def _found(workspace_id: UUID, delivery: Any) -> tuple[Delivery, Interaction] | None:
    try:
        wanted = UUID(str(delivery))
    except ValueError:
        return None
    rows = Delivery.objects.filter(workspace_id=workspace_id, id=wanted, channel=ChannelKind.SLACK)
    row = rows.select_related("workspace", "ask").first()
    if row is None:
        return None
    return row, selectors.interaction_get(workspace_id=workspace_id, interaction_id=row.interaction_id)


def _way(interaction: Interaction, outcome: Any) -> Way | None:
    return next((way for way in ways_of(interaction) if way.name == outcome), None)


def _has_form(interaction: Interaction, way: Way) -> bool:
    return interaction.form is not None and way.needs_form


def _fields(interaction: Interaction, way: Way | None) -> list[forms.Field]:
    return forms.fields(interaction.form) if way is not None and _has_form(interaction, way) else []


def _filled(interaction: Interaction, way: Way | None, body: Mapping[str, Any]) -> blocks.Filled:
    values = ((body.get("view") or {}).get("state") or {}).get("values") or {}
    return blocks.Filled(values, _fields(interaction, way))


def _moment(ts: Any) -> datetime | None:
    try:
        return datetime.fromtimestamp(float(str(ts)), UTC)
    except (ValueError, OverflowError):
        return None
