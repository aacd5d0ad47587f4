"""Words that came in for a question: judged, then taken as an answer, asked back, refused or left alone.

Whatever they lead to is kept as a `Reply`, once per mail or message, and said in the place they came from.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from django.utils.translation import gettext as _

from apps.core.errors import DomainError
from apps.core.ids import uuid7
from apps.core.tenancy import tenant
from apps.hil import selectors, services
from apps.hil.channels.planning import SAY, message_for
from apps.hil.channels.shown import ways_in_words, ways_of, words_of
from apps.hil.models import ChannelKind, Delivery, Interaction, Reply, ReplyAction, Via
from apps.hil.replies.factors import Arrived, Asked
from apps.hil.replies.reading import Way
from apps.hil.replies.verdicts import Judge, Verdict, verdict_of
from apps.hil.services import Answerer, entry_add

MOST_ASKED_BACK = 3
_KEPT_TEXT = 2_000
_JudgeOf = Callable[[UUID], Judge | None]
_judge_of: list[_JudgeOf] = []


def judge_with(judge_of: _JudgeOf) -> None:
    """Let a model read replies, too: called with the workspace, it gives the judge, or None where none is connected.

    Registered in `HilConfig.ready`.
    """
    _judge_of[:] = [judge_of]


@dataclass(frozen=True, slots=True)
class Words:
    """What somebody wrote. `own`: the part they wrote themselves. `answerer` is empty when they are nobody we know.

    `external_id` is the same for every repetition. `thread`: where a word back belongs; `sender`: who they are there.
    `doubt`: why it is not proven that they are the sender; empty when it is, or need not be.
    """

    workspace_id: UUID
    delivery_id: UUID
    channel: ChannelKind
    external_id: str
    own: str
    at: datetime
    sender: str
    answerer: Answerer | None
    is_from_recipient: bool
    is_linked: bool | None
    names: tuple[str, ...] = ()
    subject: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)
    is_bot: bool = False
    thread: str = ""
    doubt: str = ""


def words_take(*, words: Words, now: datetime) -> ReplyAction | None:
    """Judge and act. None when the same words were taken before. Not to be called inside a transaction: a model may
    be asked.
    """
    with tenant(words.workspace_id):
        if _is_known(words):
            return None
        row = Delivery.objects.select_related("ask", "user").get(id=words.delivery_id)
        found = selectors.interaction_get(workspace_id=words.workspace_id, interaction_id=row.interaction_id)
        ways = frozenset(
            str(each)
            for each in Delivery.objects.filter(interaction_id=found.id).values_list("channel", flat=True).distinct()
        )
    asked = Asked(
        title=found.title,
        ways=tuple(Way(way.name, way.label) for way in ways_of(found)),
        asked_at=row.created_at,
        deadline_at=found.deadline_at,
        channels=ways,
        needs_form=not found.needs_button and not ways_in_words(found),
        needs_button=found.needs_button,
    )
    arrived = Arrived(
        own=words.own,
        channel=str(words.channel),
        at=words.at,
        is_from_recipient=words.is_from_recipient,
        is_linked=words.is_linked,
        sender=words.sender,
        names=words.names,
        subject=words.subject,
        headers=words.headers,
        is_bot=words.is_bot,
    )
    judge = _judge_of[0](words.workspace_id) if _judge_of and not words.doubt else None
    verdict = verdict_of(asked, arrived, judge)
    with tenant(words.workspace_id):
        return _act(words, row, found, verdict, now)


def _is_known(words: Words) -> bool:
    rows = Reply.objects.filter(workspace_id=words.workspace_id, channel=words.channel)
    return rows.filter(external_id=words.external_id[:300]).exists()


def _act(words: Words, row: Delivery, found: Interaction, verdict: Verdict, now: datetime) -> ReplyAction | None:
    action = ReplyAction(verdict.action)
    said = ""
    reply = Reply(
        id=uuid7(),
        workspace_id=words.workspace_id,
        interaction_id=found.id,
        delivery=row,
        channel=words.channel,
        external_id=words.external_id[:300],
        sender=words.sender,
        text=words.own[:_KEPT_TEXT],
        action=action,
        verdict=verdict.as_json(),
        received_at=words.at,
    )
    if not _inserted(reply):
        return None
    closed = services.refusal(found, now)
    if closed is not None and action != ReplyAction.IGNORE:
        action, said = ReplyAction.REFUSE, closed.message
    elif words.doubt and action in (ReplyAction.ANSWER, ReplyAction.ASK_BACK):
        action = ReplyAction.REFUSE
        said = _("A reply in your name was not taken: %(why)s Please open the question and answer there.") % {
            "why": words.doubt
        }
    elif action == ReplyAction.ANSWER:
        action, said = _answered(words, found, verdict, reply, now)
    elif action == ReplyAction.ASK_BACK:
        said = _question_back(found, verdict.reason)
    elif action == ReplyAction.REFUSE:
        said = _("%(who)s wrote “%(text)s”. It was not taken, since they were not asked.") % {
            "who": words.sender,
            "text": words.own[:200],
        }
    if action != verdict.action:
        Reply.objects.filter(id=reply.id).update(action=action)
    if action in (ReplyAction.ASK_BACK, ReplyAction.REFUSE):
        if row.asked_back >= MOST_ASKED_BACK:
            return action  # two programs must not talk to each other for ever
        Delivery.objects.filter(id=row.id).update(asked_back=row.asked_back + 1)
        text = _("Reply of %(who)s: %(what)s") % {"who": words.sender, "what": action.label.lower()}
        entry_add(interaction=found, kind="replied", icon="message-circle-question-mark", text=text, at=now)
    if said:
        message_for(row, SAY, now=now, text=said, thread=words.thread, answers=_answers(words))
    return action


def _inserted(reply: Reply) -> bool:
    Reply.objects.bulk_create([reply], ignore_conflicts=True)
    return Reply.objects.filter(id=reply.id).exists()


def _answered(
    words: Words, found: Interaction, verdict: Verdict, reply: Reply, now: datetime
) -> tuple[ReplyAction, str]:
    way = next(way for way in ways_of(found) if way.name == verdict.outcome)
    if words.answerer is None:
        return ReplyAction.REFUSE, _("It is not known who wrote this, so it was not taken.")
    if way not in ways_in_words(found):
        return ReplyAction.ASK_BACK, _question_back(found, _("This question is answered by a form."))
    evidence: dict[str, Any] = verdict.as_json() | {"text": words.own[:500], "reply_id": str(reply.id)}
    try:
        stands = services.interaction_answer(
            workspace_id=words.workspace_id,
            interaction_id=found.id,
            answerer=words.answerer,
            outcome=verdict.outcome,
            comment=verdict.remark,
            evidence=evidence,
            is_in_words=True,
            now=now,
        )
    except DomainError as refused:
        return ReplyAction.REFUSE, " ".join([refused.message, refused.hint or ""]).strip()
    seen = _("Understood from the words “%(quote)s” of %(who)s, score %(score).2f") % {
        "quote": verdict.quote[:200],
        "who": words.sender,
        "score": verdict.score,
    }
    entry_add(interaction=found, kind="replied", icon="quote", text=seen, at=now, data={"reply_id": str(reply.id)})
    text = _("Recorded: %(answer)s. You wrote “%(quote)s”.") % {"answer": way.label, "quote": verdict.quote[:200]}
    return ReplyAction.ANSWER, f"{text} {stands.progress}".strip() if stands.is_pending else text


def _question_back(found: Interaction, reason: str) -> str:
    words = words_of(found)
    if not words:
        text = _("Your reply was not taken. %(reason)s Please open the question and answer there.")
        return text % {"reason": reason}
    text = _("I cannot tell what your answer is. %(reason)s Please reply with %(words)s alone, or open the question.")
    return text % {"reason": reason, "words": words}


def _answers(words: Words) -> str:
    """The mail that is answered, for the thread in a mailbox."""
    return words.external_id if words.channel == ChannelKind.EMAIL and words.external_id.startswith("<") else ""


VIAS: Mapping[ChannelKind, Via] = {ChannelKind.EMAIL: Via.EMAIL, ChannelKind.SLACK: Via.SLACK}
