"""What answering a question can be refused with."""

from __future__ import annotations

from apps.core.errors import Conflict, DomainError, Invalid, NotFound


class InteractionNotFound(NotFound):
    """There is no such question in this workspace."""

    code = "hil.interaction_not_found"


class AlreadyAnswered(Conflict):
    """This question was answered already. The document says by whom, when and how."""

    code = "hil.already_answered"


class TimedOut(Conflict):
    """The time to answer this question is over; the run has taken its timeout port."""

    code = "hil.timed_out"


class Withdrawn(Conflict):
    """The run ended before this question was answered, so nobody is asked any more."""

    code = "hil.withdrawn"


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
