"""What answering a question can be refused with."""

from __future__ import annotations

from apps.core.errors import Conflict, DomainError, Forbidden, Invalid, NotFound


class InteractionNotFound(NotFound):
    """There is no such question in this workspace."""

    code = "hil.interaction_not_found"


class AbsenceUnknown(NotFound):
    """There is no such absence of yours."""

    code = "hil.absence_not_found"


class AlreadyAnswered(Conflict):
    """This question was answered already. The document says by whom, when and how."""

    code = "hil.already_answered"


class TimedOut(Conflict):
    """The time to answer this question is over; the run has taken its timeout port."""

    code = "hil.timed_out"


class Withdrawn(Conflict):
    """The run ended before this question was answered, so nobody is asked any more."""

    code = "hil.withdrawn"


class Undeliverable(Conflict):
    """Nobody could be reached with this question, so nobody is asked any more."""

    code = "hil.undeliverable"


class NotAsked(Forbidden):
    """This question is put to others."""

    code = "hil.not_asked"
    default_hint = "Whoever is asked can hand it on to you."


class NoLongerAsked(Forbidden):
    """Whoever was asked has left, or lost the role for which they were asked."""

    code = "hil.no_longer_asked"
    default_hint = "An owner or admin can hand this place on to somebody else."


class NotYourTurn(Conflict):
    """Somebody else has to answer first."""

    code = "hil.not_your_turn"
    default_hint = "You are told when it is your turn."


class HandedOn(Conflict):
    """You have handed this question on to somebody else."""

    code = "hil.handed_on"


class AlreadyVoted(Conflict):
    """You have answered this already; others have not yet."""

    code = "hil.already_voted"


class SelfApproval(Forbidden):
    """Whoever started this run may not answer its question."""

    code = "hil.self_approval"
    default_hint = "Somebody else who is asked has to answer."


class NotSureEnough(Forbidden):
    """For this question it must be known more surely who answers."""

    code = "hil.not_sure_enough"
    default_hint = "Sign in and answer in the inbox."


class ButtonNeeded(Conflict):
    """This question is answered by a button, not in words."""

    code = "hil.button_needed"
    default_hint = "Open the question and press the button."


class CommentNeeded(Invalid):
    """This answer needs a comment."""

    code = "hil.comment_needed"


class AnswerInvalid(Invalid):
    """Some of what was filled in is not right."""

    code = "hil.answer_invalid"


class CannotDelegate(Conflict):
    """This question cannot be handed on."""

    code = "hil.cannot_delegate"


class CannotWithdraw(Conflict):
    """What became of this step has to be said; the question cannot be withdrawn."""

    code = "hil.cannot_withdraw"
    default_hint = "Answer it, or cancel the run."


class AssigneeUnknown(Invalid):
    """Nobody is known by this."""

    code = "hil.assignee_unknown"
    default_hint = "Name a member by e-mail address or id, another e-mail address, or a Slack user as slack:U012AB3CD."


class NoLinkForAsked(Conflict):
    """This question is put to certain people, so a link for just anybody is not to be had."""

    code = "hil.no_link_for_asked"
    default_hint = "Hand the question on to an e-mail address instead: its owner gets a link of their own."


class NoLinkForSeveral(Conflict):
    """Several people have to answer this question, and of a link for just anybody it cannot be said who they are."""

    code = "hil.no_link_for_several"
    default_hint = "Name the people in the workflow: each of them gets a link of their own."


class LinkTooWeak(Conflict):
    """Whoever answers this question has to be signed in."""

    code = "hil.link_too_weak"
    default_hint = "Add the person to the workspace, or let the author of the workflow ask for less."


class OutcomeUnknown(Invalid):
    """This question has no such answer."""

    code = "hil.outcome_unknown"


class OutcomeMissing(Invalid):
    """Say which answer is meant."""

    code = "hil.outcome_missing"
    default_hint = 'Send "outcome", "output_port", or for yes-or-no questions "approved": true or false.'


class CommentTooLong(Invalid):
    """The comment is too long."""

    code = "hil.comment_too_long"


class NothingOpen(Conflict):
    """This execution waits for nobody's answer."""

    code = "hil.nothing_open"


class SeveralOpen(Conflict):
    """This execution waits for several answers. The document lists the open questions."""

    code = "hil.several_open"
    default_hint = "Send the interaction_id of the one you answer."


class NoLinkForReviews(Conflict):
    """Only members can say what became of a step whose outcome is unknown."""

    code = "hil.no_link_for_reviews"
    default_hint = "Ask a member of the workspace to look into the inbox."


class LinkUnknown(NotFound):
    """This link does not lead to a question. It may have been copied incompletely."""

    code = "hil.link_unknown"


class LinkExpired(DomainError):
    """This link has expired. Ask whoever sent it for a new one."""

    code = "hil.link_expired"
    status = 410
