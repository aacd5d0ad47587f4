"""What can be wrong with a delivery."""

from __future__ import annotations

from apps.core.errors import Conflict, DomainError, Forbidden, Invalid, NotFound, TooLarge, Unauthenticated, Unavailable


class NobodyListens(NotFound):
    """No active workflow listens at this address."""

    code = "triggers.no_listener"
    default_hint = "Publish and activate the workflow, and compare the path with its webhook node."


class WrongMethod(DomainError):
    """A workflow listens at this address, but for another method."""

    code = "triggers.wrong_method"
    status = 405


class SecretRefused(Unauthenticated):
    """The delivery does not prove that it comes from a sender this webhook knows."""

    code = "triggers.secret_refused"
    default_hint = "Compare the secret in the webhook node with the one the sender uses."


class SenderRefused(Forbidden):
    """The sender's address is none that this webhook lets in."""

    code = "triggers.sender_refused"
    default_hint = "Compare the addresses in the webhook node with the one the sender calls from."


class HeaderMissing(Invalid):
    """A header that this webhook asks for is missing, or holds something else."""

    code = "triggers.header_missing"


class TriggerPaused(Unavailable):
    """Somebody switched this trigger off for now."""

    code = "triggers.trigger_paused"
    default_hint = "Send it again later."


class TransformFailed(Invalid):
    """The webhook's transformation cannot be done with this request."""

    code = "triggers.transform_failed"


class ReplyFailed(DomainError):
    """The webhook's answer cannot be made from what there is."""

    code = "triggers.reply_failed"
    status = 500


class TriggerUnknown(NotFound):
    """This workflow has no such trigger."""

    code = "triggers.trigger_unknown"


class DeliveryUnknown(NotFound):
    """There is no such delivery in this workspace, or it is forgotten."""

    code = "triggers.delivery_unknown"


class CannotReplay(Conflict):
    """This delivery cannot be replayed."""

    code = "triggers.cannot_replay"


class ReplayUnknown(NotFound):
    """There is no such replay in this workspace."""

    code = "triggers.replay_unknown"


class NothingToReplay(Conflict):
    """No delivery fits."""

    code = "triggers.nothing_to_replay"


class TooManyToReplay(Conflict):
    """One replay takes at most 10,000 deliveries."""

    code = "triggers.replay_too_large"
    default_hint = "Narrow the filter: one trigger, or a shorter time."


class ReplayEnded(Conflict):
    """This replay has already ended."""

    code = "triggers.replay_ended"


class DeliveryTooLarge(TooLarge):
    """The body is larger than a webhook accepts."""

    code = "triggers.delivery_too_large"
    default_hint = "Send a reference to the data instead, and let the workflow fetch it."


class EventTooLarge(TooLarge):
    """The data of an event is larger than 64 KB."""

    code = "triggers.event_too_large"
    default_hint = "Send a reference to the data instead, and let the workflow fetch it."


class EventUnknown(NotFound):
    """There is no such event in this workspace, or it is forgotten: events are kept for a week."""

    code = "triggers.event_unknown"


class NotText(DomainError):
    """The body is neither JSON nor a form nor text."""

    code = "triggers.not_text"
    status = 415
    default_hint = "Send JSON, a form or text; put files somewhere and send their address."
