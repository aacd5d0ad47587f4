"""What can be wrong with a delivery."""

from __future__ import annotations

from apps.core.errors import DomainError, NotFound, TooLarge, Unauthenticated


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
