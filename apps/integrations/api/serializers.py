"""What the API takes and says about credentials. Nothing here has a secret to say."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from apps.accounts.access.actor import Actor
from apps.core import clock
from apps.core.api.serializers import Strict
from apps.integrations import registry, selectors, services
from apps.integrations.models import Credential

_SCOPES = Credential.Scope.choices


class CredentialIn(Strict):
    """A new credential. It is tested before it is kept."""

    name = serializers.CharField(max_length=100)
    type = serializers.CharField(max_length=60, help_text="One of `credential-types`.")
    fields = serializers.DictField(help_text="As the type's `fields_schema` says.")  # type: ignore[assignment]
    scope = serializers.ChoiceField(choices=_SCOPES, required=False, default="workspace")
    allowed_hosts = serializers.ListField(
        child=serializers.CharField(max_length=255), required=False, default=list, max_length=50
    )
    rotate_after_days = serializers.IntegerField(
        required=False, allow_null=True, default=None, min_value=1, max_value=3650
    )
    allow_unverified = serializers.BooleanField(
        required=False, default=False, help_text="Keep it although it could not be tested, or does not work."
    )


class CredentialPatch(Strict):
    """What is left out stays as it is, secrets too."""

    name = serializers.CharField(max_length=100, required=False)
    fields = serializers.DictField(required=False)  # type: ignore[assignment]
    allowed_hosts = serializers.ListField(child=serializers.CharField(max_length=255), required=False, max_length=50)
    rotate_after_days = serializers.IntegerField(required=False, allow_null=True, min_value=1, max_value=3650)
    allow_unverified = serializers.BooleanField(required=False, default=False)


class SecretOut(serializers.Serializer[Any]):
    """What may be said of a secret."""

    is_set = serializers.BooleanField()
    ends_with = serializers.CharField(allow_blank=True, help_text="Of long ones the last 2 to 4 characters.")


class MayOut(serializers.Serializer[Any]):
    """What the caller may do with it."""

    use = serializers.BooleanField()
    manage = serializers.BooleanField()


class CredentialOut(serializers.ModelSerializer[Credential]):
    """A credential, without its secrets."""

    type_name = serializers.SerializerMethodField()
    secrets = serializers.SerializerMethodField()
    created_by = serializers.CharField(source="created_by.email", default=None, allow_null=True)
    rotate_at = serializers.DateTimeField(allow_null=True)
    is_due = serializers.SerializerMethodField()
    may = serializers.SerializerMethodField()

    class Meta:
        model = Credential
        fields = [
            "id",
            "name",
            "type",
            "type_name",
            "scope",
            "settings",
            "secrets",
            "allowed_hosts",
            "is_verified",
            "tested_at",
            "test_message",
            "rotate_after_days",
            "rotate_at",
            "is_due",
            "created_by",
            "created_at",
            "updated_at",
            "secret_changed_at",
            "last_used_at",
            "may",
        ]

    def get_type_name(self, row: Credential) -> str:
        """What people call the type."""
        kind = registry.credential_type(row.type)
        return kind.name if kind else row.type

    def get_secrets(self, row: Credential) -> dict[str, dict[str, Any]]:
        """By the field's name: whether it is set, and how it ends."""
        return selectors.secrets_shown(row)

    def get_is_due(self, row: Credential) -> bool:
        """Whether its secret should have been replaced by now."""
        return row.is_due(clock.now())

    def get_may(self, row: Credential) -> dict[str, bool]:
        """What the caller may do with it."""
        actor: Actor = self.context["actor"]
        return {"use": services.may_use(actor, row), "manage": services.may_manage(actor, row)}


class UseOut(serializers.Serializer[Any]):
    """A node that names the credential."""

    workflow_id = serializers.UUIDField()
    workflow_name = serializers.CharField()
    node_id = serializers.CharField()
    node_name = serializers.CharField()
    where = serializers.ChoiceField(choices=["draft", "published"])


class UsedByOut(serializers.Serializer[Any]):
    """Everything that names it."""

    results = UseOut(many=True)


class DayOut(serializers.Serializer[Any]):
    """How often a workflow used it on one day (UTC)."""

    day = serializers.DateField()
    workflow_id = serializers.UUIDField()
    count = serializers.IntegerField()
    first_at = serializers.DateTimeField()
    last_at = serializers.DateTimeField()
    last_execution_id = serializers.UUIDField(allow_null=True)


class UsesOut(serializers.Serializer[Any]):
    """The last 90 days."""

    results = DayOut(many=True)


class TypeOut(serializers.Serializer[Any]):
    """A credential type and the schema its form is made from."""

    type = serializers.CharField()
    name = serializers.CharField()
    summary = serializers.CharField()
    icon = serializers.CharField()
    fits = serializers.ListField(child=serializers.CharField(), help_text="What a node may use it for.")
    obtained = serializers.CharField(allow_blank=True, help_text="The flow that brings the rest; empty: none.")
    secret_fields = serializers.ListField(child=serializers.CharField())
    fields_schema = serializers.DictField(help_text="JSON Schema; what is `writeOnly` never comes back.")
