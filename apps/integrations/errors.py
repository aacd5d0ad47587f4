"""What can be wrong with a credential."""

from __future__ import annotations

from apps.core.egress import EgressError
from apps.core.errors import Conflict, DomainError, Forbidden, Invalid, NotFound, Unavailable
from apps.integrations.declare import Refused

__all__ = ["Refused"]


class CredentialUnknown(NotFound):
    """There is no such credential."""

    code = "integrations.credential_unknown"


class CredentialMissing(DomainError):
    """A credential that this workflow names is not there."""

    code = "integrations.credential_missing"
    status = 409
    default_hint = "Choose another one on the page “Credentials” of the workflow."


class TypeUnknown(Invalid):
    """There is no such type of credential."""

    code = "integrations.type_unknown"


class NameTaken(Conflict):
    """Another credential has this name."""

    code = "integrations.name_taken"
    default_hint = "Choose another name, or change that one."


class Changed(Conflict):
    """Somebody else changed this credential just now."""

    code = "integrations.changed"
    default_hint = "Look at it again, then repeat your change."


class NotTested(DomainError):
    """This credential cannot be tested, so nobody knows whether it works."""

    code = "integrations.not_tested"
    status = 409
    default_hint = "Save it anyway with allow_unverified, or give it an address to test it with."


class InUse(Conflict):
    """Workflows use this credential; without it they fail."""

    code = "integrations.in_use"
    default_hint = "Change those workflows first, or delete it all the same with force."


class MayNotUse(Forbidden):
    """You may not use this credential."""

    code = "integrations.may_not_use"


class MayNotManage(Forbidden):
    """You may not change this credential."""

    code = "integrations.may_not_manage"


class HostNotAllowed(EgressError):
    """This credential may not be sent to this host."""

    code = "egress.credential_host"
    status = 403
    default_hint = "Add the host to the credential's allowed hosts, or call another one."


class CannotSign(EgressError):
    """This request cannot be signed with this credential."""

    code = "egress.cannot_sign"
    status = 400


class CannotOpen(Unavailable):
    """The secrets of this workspace cannot be decrypted: the key they were encrypted with is missing or wrong."""

    code = "integrations.cannot_open"
    default_hint = "The operator has to give back the key in CREDENTIAL_KEYS; see docs/guides/credentials.md."


class KeysAway(Unavailable):
    """The service that keeps the keys does not answer."""

    code = "integrations.keys_away"


class CredentialAway(Unavailable):
    """The credential could not be read just now."""

    code = "integrations.credential_away"
