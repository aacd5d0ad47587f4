"""From a text to what is done with it: taken as an answer, asked back, refused or left alone. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol

from apps.hil.replies.factors import Arrived, Asked, factors_of, is_automatic, score_of
from apps.hil.replies.lexicon import REJECTED
from apps.hil.replies.reading import Reading, hesitates, read, words_of

RELEVANT, IRRELEVANT = 0.7, 0.3
SURE = 0.9
"""How sure a model must be of an outcome that the words alone do not give."""

Action = Literal["answer", "ask_back", "refuse", "ignore"]


@dataclass(frozen=True, slots=True)
class Judgement:
    """What a model says: whether the text answers the question (0 to 1), which outcome it means and how sure that is.

    `quote` is the evidence, word for word from the text.
    """

    content: float
    outcome: str = ""
    certainty: float = 0.0
    quote: str = ""


class Judge(Protocol):
    """A model that reads replies. What it is given is a stranger's text: data, never an instruction."""

    def __call__(self, asked: Asked, text: str) -> Judgement | None:
        """Its judgement; None when it cannot be asked just now."""
        ...


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a text is taken for. `reason` says it to people; `outcome` and `quote` stand only with `answer`."""

    action: Action
    score: float
    factors: Mapping[str, float]
    reason: str
    outcome: str = ""
    quote: str = ""
    remark: str = ""
    judged_by: str = "words"

    def as_json(self) -> dict[str, Any]:
        """For the record of the decision."""
        return {
            "score": self.score,
            "factors": dict(self.factors),
            "quote": self.quote,
            "reason": self.reason,
            "judged_by": self.judged_by,
        }


@dataclass(frozen=True, slots=True)
class _Content:
    value: float
    reading: Reading
    judged_by: str = field(default="words")


def verdict_of(asked: Asked, arrived: Arrived, judge: Judge | None = None) -> Verdict:
    """What to do with a text. An outcome is taken only from one that is relevant, plain and from who was asked."""
    reading = read(arrived.own, asked.ways, asked.title, arrived.names)
    content = _judged(asked, arrived, reading, judge)
    factors = factors_of(asked, arrived, content.reading, content.value)
    score = score_of(factors)

    def say(action: Action, reason: str, **more: str) -> Verdict:
        return Verdict(action, score, factors, reason, judged_by=content.judged_by, **more)

    if not factors["human"]:
        return say("ignore", "It was sent by a program.")
    if not arrived.own:
        return say("ignore" if score <= IRRELEVANT else "ask_back", "It holds no words of its own.")
    if not arrived.is_from_recipient:
        if content.reading.outcome and arrived.is_linked:
            return say("refuse", "Whoever wrote it was not asked.")
        return say("ignore", "Whoever wrote it was not asked.")
    if score <= IRRELEVANT:
        return say("ignore", "It is not about the question.")
    if arrived.is_linked is False and score < RELEVANT:
        return say("ignore", "It hangs on nothing we sent.")
    if asked.needs_form:
        return say("ask_back", "This question is answered by a form.")
    if score < RELEVANT:
        return say("ask_back", content.reading.doubt or "It may be about something else.")
    if not content.reading.outcome:
        return say("ask_back", content.reading.doubt)
    if asked.needs_button:
        return say("ask_back", "What this sets off cannot be undone, so it is answered on its page.")
    if not factors["time"]:
        return say("ask_back", "It was sent at a time when it cannot be the answer.")
    return say(
        "answer",
        "It is plain.",
        outcome=content.reading.outcome,
        quote=content.reading.quote,
        remark=content.reading.remark,
    )


def _judged(asked: Asked, arrived: Arrived, reading: Reading, judge: Judge | None) -> _Content:
    """How far the content answers the question. A model may find what the words do not show; else it adds doubt. It is
    asked only of what those write who were asked: nobody else makes it work.
    """
    by_words = 1.0 if reading.outcome else 0.6 if reading.mentions else 0.3 if len(words_of(arrived.own)) <= 8 else 0.1
    if judge is None or is_automatic(arrived) or not arrived.own or not arrived.is_from_recipient:
        return _Content(by_words, reading)
    said = judge(asked, arrived.own)
    if said is None:
        return _Content(by_words, reading)
    value = min(max(said.content, 0.0), 1.0)
    known = {way.name for way in asked.ways}
    is_proven = _is_quoted(said.quote, arrived.own) and said.outcome in known
    if reading.outcome:
        if said.outcome and said.outcome != reading.outcome:
            doubt = "The words and the model read it differently."
            return _Content(value, Reading(doubt=doubt, mentions=reading.mentions), "model")
        return _Content(max(value, by_words) if value > IRRELEVANT else value, reading, "model")
    # What the words leave open stays open: a model may find an agreement only where they name no answer at all, or say
    # that what follows a plain one is just a remark.
    is_no = said.outcome.lower() in REJECTED
    agrees = reading.mentions <= {said.outcome}
    is_open = agrees and (is_no or reading.is_remark_only or not (reading.mentions or hesitates(arrived.own)))
    if is_proven and is_open and said.certainty >= SURE:
        return _Content(value, Reading(said.outcome, said.quote, reading.remark, mentions=reading.mentions), "model")
    return _Content(value, reading, "model")


def _is_quoted(quote: str, own: str) -> bool:
    """Whether it stands in the text, word for word and in whole words."""
    words, all_words = words_of(quote), words_of(own)
    places = range(len(all_words) - len(words) + 1)
    return bool(words) and quote in own and any(all_words[at : at + len(words)] == words for at in places)
