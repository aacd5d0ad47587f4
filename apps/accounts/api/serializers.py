"""What the API says about people and keys."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from apps.accounts import preferences
from apps.accounts.access.permissions import SCOPES
from apps.accounts.models import ROLE_CHOICES, ApiKey, AuditEvent, Invitation, Membership, User
from apps.accounts.notices import Channel
from apps.accounts.services import invitations
from apps.accounts.services.profile import HUES, THEMES
from apps.core.api.serializers import Strict
from apps.core.clock import now


class MemberOut(serializers.ModelSerializer[Membership]):
    """A member."""

    user_id = serializers.UUIDField()
    email = serializers.EmailField(source="user.email")
    name = serializers.CharField(source="user.name")
    invited_by = serializers.CharField(source="invited_by.label", default=None, allow_null=True)

    class Meta:
        model = Membership
        fields = ["id", "user_id", "email", "name", "role", "created_at", "last_seen_at", "invited_by"]


class InvitationOut(serializers.ModelSerializer[Invitation]):
    """An invitation that waits for an answer."""

    state = serializers.SerializerMethodField()
    invited_by = serializers.CharField(source="invited_by_label")

    class Meta:
        model = Invitation
        fields = [
            *("id", "email", "role", "message", "state", "invited_by"),
            *("created_at", "sent_at", "expires_at", "is_mailed"),
        ]

    @extend_schema_field({"type": "string", "enum": ["open", "expired", "accepted", "declined", "revoked"]})
    def get_state(self, row: Invitation) -> str:
        """Where it stands now."""
        return row.state(now())


class InvitationsIn(Strict):
    """Whom to ask in, and as what."""

    emails = serializers.ListField(
        child=serializers.EmailField(max_length=254), min_length=1, max_length=invitations.MOST_AT_ONCE
    )
    role = serializers.ChoiceField(choices=ROLE_CHOICES)
    message = serializers.CharField(
        max_length=invitations.LONGEST_MESSAGE, required=False, allow_blank=True, default=""
    )


class InvitedOut(serializers.Serializer[Any]):
    """What became of one address. `url` is there once, where no mail is sent: hand it over."""

    email = serializers.EmailField()
    outcome = serializers.ChoiceField(choices=["invited", "member_already"])
    invitation = InvitationOut(allow_null=True)
    url = serializers.URLField(allow_null=True)


class InvitedList(serializers.Serializer[Any]):
    """What became of each address."""

    results = InvitedOut(many=True)


class RoleIn(Strict):
    """Another role."""

    role = serializers.ChoiceField(choices=ROLE_CHOICES)


class KeyOut(serializers.ModelSerializer[ApiKey]):
    """A key, without the key."""

    class Meta:
        model = ApiKey
        fields = ["id", "name", "prefix", "scopes", "created_at", "expires_at", "last_used_at", "revoked_at"]


class KeyCreated(KeyOut):
    """A new key; `key` is there once."""

    key = serializers.SerializerMethodField()

    class Meta(KeyOut.Meta):
        fields = [*KeyOut.Meta.fields, "key"]

    def get_key(self, row: ApiKey) -> str:
        """The whole key."""
        secret: str = self.context["secret"]
        return secret


class KeyIn(Strict):
    """A key's name, what it may do and until when. Without scopes it may do all its maker may."""

    name = serializers.CharField(max_length=100)
    scopes = serializers.ListField(
        child=serializers.ChoiceField(choices=SCOPES), required=False, max_length=len(SCOPES)
    )
    expires_at = serializers.DateTimeField(required=False, allow_null=True, default=None)


class AuditEventOut(serializers.ModelSerializer[AuditEvent]):
    """Who did what to what, from where, and its place in the chain of the workspace."""

    seq = serializers.SerializerMethodField()
    hash = serializers.SerializerMethodField()

    class Meta:
        model = AuditEvent
        fields = [
            "id",
            "at",
            "actor_kind",
            "actor_id",
            "actor_label",
            "action",
            "target",
            "data",
            "via",
            "address",
            "user_agent",
            "digest",
            "seq",
            "hash",
        ]

    def get_seq(self, row: AuditEvent) -> int | None:
        """Its number in the chain."""
        return row.link.seq if hasattr(row, "link") else None

    def get_hash(self, row: AuditEvent) -> str | None:
        """The hash of its link."""
        return row.link.hash if hasattr(row, "link") else None


class WorkspaceOut(serializers.Serializer[Any]):
    """A workspace."""

    id = serializers.UUIDField()
    slug = serializers.SlugField()
    name = serializers.CharField()


class WorkspaceRow(WorkspaceOut):
    """A workspace somebody belongs to."""

    role = serializers.CharField()


class WorkspaceList(serializers.Serializer[Any]):
    """The workspaces of the person signed in, by name."""

    results = WorkspaceRow(many=True)


class WorkspaceIn(Strict):
    """A new workspace. Without a slug one is made from the name."""

    name = serializers.CharField(max_length=100)
    slug = serializers.CharField(max_length=50, required=False, allow_null=True, default=None)


class WorkspacePatch(Strict):
    """Another name or address."""

    name = serializers.CharField(max_length=100, required=False)
    slug = serializers.CharField(max_length=50, required=False)


class ConfirmationIn(Strict):
    """The slug of what shall be closed."""

    confirmation = serializers.CharField(max_length=50)


class HeirIn(Strict):
    """Who shall own the workspace: the id of a membership."""

    member = serializers.UUIDField()


class LeftOut(serializers.Serializer[Any]):
    """What ended with the membership."""

    keys_revoked = serializers.IntegerField()


class ActorOut(serializers.Serializer[Any]):
    """Who asks."""

    kind = serializers.ChoiceField(choices=["user", "api_key"])
    id = serializers.UUIDField()
    label = serializers.CharField()  # type: ignore[assignment]
    role = serializers.CharField(allow_blank=True)


class ProfileOut(serializers.Serializer[Any]):
    """What somebody says of themselves."""

    name = serializers.CharField(allow_blank=True)
    email = serializers.EmailField()
    timezone = serializers.CharField(allow_blank=True)
    theme = serializers.ChoiceField(choices=["", *THEMES])
    hue = serializers.IntegerField(allow_null=True)
    notices = serializers.SerializerMethodField()

    @extend_schema_field(
        {"type": "object", "additionalProperties": {"type": "object", "additionalProperties": {"type": "boolean"}}}
    )
    def get_notices(self, user: User) -> dict[str, dict[Channel, bool]]:
        """Every kind of notice, and whether they are told of it in the app and by mail."""
        return preferences.table(user.preferences)


class MeOut(serializers.Serializer[Any]):
    """Who asks, where, and what they may do. `profile` is null for a key."""

    actor = ActorOut()
    workspace = WorkspaceOut()
    workspaces = WorkspaceOut(many=True)
    permissions = serializers.ListField(child=serializers.CharField())
    profile = ProfileOut(allow_null=True)


class MePatch(Strict):
    """What to change about oneself."""

    name = serializers.CharField(max_length=150, required=False, allow_blank=True)
    timezone = serializers.CharField(max_length=64, required=False, allow_blank=True)
    theme = serializers.ChoiceField(choices=["", *THEMES], required=False)
    hue = serializers.IntegerField(min_value=0, max_value=HUES - 1, required=False, allow_null=True)
    notices = serializers.DictField(child=serializers.DictField(child=serializers.BooleanField()), required=False)


class RoleLine(serializers.Serializer[Any]):
    """A role, and what it allows."""

    role = serializers.ChoiceField(choices=ROLE_CHOICES)
    permissions = serializers.ListField(child=serializers.CharField())
    members = serializers.IntegerField()


class RoleList(serializers.Serializer[Any]):
    """All roles, the one that may most first."""

    results = RoleLine(many=True)
