"""What the API says about people and keys."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from apps.accounts.access.permissions import SCOPES
from apps.accounts.models import ROLE_CHOICES, ApiKey, AuditEvent, Membership
from apps.core.api.serializers import Strict


class MemberOut(serializers.ModelSerializer[Membership]):
    """A member."""

    user_id = serializers.UUIDField()
    email = serializers.EmailField(source="user.email")
    name = serializers.CharField(source="user.name")

    class Meta:
        model = Membership
        fields = ["id", "user_id", "email", "name", "role", "created_at"]


class MemberAdded(MemberOut):
    """A new member; `sign_in_url` is there once, for a person who had no account yet."""

    sign_in_url = serializers.SerializerMethodField()

    class Meta(MemberOut.Meta):
        fields = [*MemberOut.Meta.fields, "sign_in_url"]

    def get_sign_in_url(self, row: Membership) -> str | None:
        """The one-time link, or null."""
        found: str | None = self.context.get("sign_in_url")
        return found


class MemberIn(Strict):
    """Who shall come in, and as what."""

    email = serializers.EmailField(max_length=254)
    role = serializers.ChoiceField(choices=ROLE_CHOICES)
    name = serializers.CharField(max_length=150, required=False, allow_blank=True, default="")


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
    """Who did what to what."""

    class Meta:
        model = AuditEvent
        fields = ["id", "at", "actor_kind", "actor_id", "actor_label", "action", "target", "data"]


class WorkspaceOut(serializers.Serializer[Any]):
    """A workspace."""

    id = serializers.UUIDField()
    slug = serializers.SlugField()
    name = serializers.CharField()


class ActorOut(serializers.Serializer[Any]):
    """Who asks."""

    kind = serializers.ChoiceField(choices=["user", "api_key"])
    id = serializers.UUIDField()
    label = serializers.CharField()  # type: ignore[assignment]
    role = serializers.CharField(allow_blank=True)


class MeOut(serializers.Serializer[Any]):
    """Who asks, where, and what they may do."""

    actor = ActorOut()
    workspace = WorkspaceOut()
    workspaces = WorkspaceOut(many=True)
    permissions = serializers.ListField(child=serializers.CharField())
