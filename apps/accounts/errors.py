"""What this app refuses."""

from __future__ import annotations

from apps.core.errors import Conflict, Forbidden, Invalid, NotFound, Unauthenticated


class WorkspaceUnknown(NotFound):
    """There is no such workspace, or you are not a member of it."""

    code = "accounts.workspace_unknown"


class WorkspaceNotNamed(Invalid):
    """You belong to several workspaces: say which one is meant."""

    code = "accounts.workspace_not_named"
    default_hint = "Send its slug in the header X-Workspace."


class KeyRefused(Unauthenticated):
    """This API key is unknown, expired or revoked."""

    code = "accounts.key_refused"
    default_hint = "Make a new one under Settings → API keys, or with manage.py api_key_create."


class TokenRefused(Unauthenticated):
    """This token is not good (any more)."""

    code = "accounts.token_refused"
    default_hint = "Exchange the refresh token at /api/v1/auth/token/refresh, or sign in anew at /api/v1/auth/token."


class SignInRefused(Unauthenticated):
    """There is no account with this address and password."""

    code = "accounts.sign_in_refused"


class CodeNeeded(Unauthenticated):
    """This account is protected by a second factor: send its code, too."""

    code = "accounts.code_needed"
    default_hint = "Send `code`: six digits of the authenticator app, or one of the recovery codes."


class CodeRefused(Unauthenticated):
    """This code is wrong, was used before, or has run out."""

    code = "accounts.code_refused"


class SecondFactorNeeded(Forbidden):
    """This workspace lets in only people who have a second factor."""

    code = "accounts.second_factor_needed"
    default_hint = "Set up an authenticator app or a passkey in your profile, under Security."


class SlugTaken(Conflict):
    """Another workspace has this address already."""

    code = "accounts.slug_taken"


class AlreadyMember(Conflict):
    """This person is a member already."""

    code = "accounts.already_member"


class LastOwner(Conflict):
    """The workspace would be left without an owner."""

    code = "accounts.last_owner"
    default_hint = "Make somebody else an owner first."


class RoleTooHigh(Forbidden):
    """Nobody gives a role that allows more than they may, and only an owner changes or removes an owner."""

    code = "accounts.role_too_high"


class MemberUnknown(NotFound):
    """This person is not, or no longer, a member of the workspace."""

    code = "accounts.member_unknown"


class PeopleOnly(Forbidden):
    """This is for people who are signed in, not for keys."""

    code = "accounts.people_only"


class InvitationUnknown(NotFound):
    """There is no such invitation in this workspace."""

    code = "accounts.invitation_unknown"


class InvitationGone(NotFound):
    """This invitation has been used or withdrawn, has expired, or never existed."""

    code = "accounts.invitation_gone"
    default_hint = "Ask whoever invited you for a new one."


class InvitationsMany(Conflict):
    """This workspace has too many open invitations."""

    code = "accounts.invitations_many"
    default_hint = "Withdraw some that nobody answers."


class InvitationTooSoon(Conflict):
    """It was sent less than a minute ago."""

    code = "accounts.invitation_too_soon"
    default_hint = "Wait a minute; mail may take as long."


class AccountExists(Conflict):
    """There is an account for this address already."""

    code = "accounts.account_exists"
    default_hint = "Sign in as yourself, then accept."


class ObjectRestricted(Forbidden):
    """It was restricted: you may look at it, but not do this."""

    code = "accounts.object_restricted"
    default_hint = "Ask who shares it, or an owner or admin of the workspace."


class PictureRefused(Invalid):
    """This file cannot be used as a picture."""

    code = "accounts.picture_refused"


class ScopeUnknown(Invalid):
    """There is no such scope."""

    code = "accounts.scope_unknown"


class ScopeTooHigh(Forbidden):
    """A key cannot be allowed more than you are."""

    code = "accounts.scope_too_high"


class LinkSpent(NotFound):
    """This sign-in link has been used, has expired, or never existed."""

    code = "accounts.link_spent"
    default_hint = "On the machine itself, `manage.py sign_in_link --workspace SLUG` prints a new one."
