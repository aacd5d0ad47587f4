"""Credentials, the keys they are encrypted with, and who uses them."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import ClassVar

from django.contrib.postgres.fields import ArrayField
from django.db import models

from apps.accounts.models import User, Workspace
from apps.core.ids import uuid7


class DataKey(models.Model):
    """The key a workspace's secrets are encrypted with, itself encrypted ("wrapped") by the operator's key."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    workspace = models.ForeignKey(Workspace, on_delete=models.CASCADE, related_name="+")
    wrapped = models.BinaryField()
    wrapped_by = models.CharField(max_length=200)
    created_at = models.DateTimeField(auto_now_add=True)
    retired_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "integrations_data_key"
        constraints = [
            models.UniqueConstraint(
                fields=["workspace"], condition=models.Q(retired_at=None), name="integrations_one_data_key"
            ),
        ]

    def __str__(self) -> str:
        return f"key of {self.workspace_id}, wrapped by {self.wrapped_by}"


class Sealed(models.Model):
    """Base of what holds a secret: `sealed` is what `vault.seal` made of it for this row.

    Key rotation finds every table by this base.
    """

    SEAL: ClassVar[str]
    """What a row of this table is called when it is sealed; never changed, or nothing opens any more."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    workspace = models.ForeignKey(Workspace, on_delete=models.CASCADE, related_name="+")
    sealed = models.BinaryField()

    class Meta:
        abstract = True

    @property
    def seal_name(self) -> str:
        """What the secret is bound to besides the workspace: a copy in another row does not open."""
        return f"{self.SEAL}:{self.id}"


class Credential(Sealed):
    """What proves to another system who calls. Its secret fields are in `sealed`, the others in `settings`."""

    SEAL = "credential"

    class Scope(models.TextChoices):
        """Whose it is: the workspace's, or one member's alone."""

        WORKSPACE = "workspace"
        USER = "user"

    name = models.CharField(max_length=100)
    type = models.CharField(max_length=60)
    scope = models.CharField(max_length=10, choices=Scope.choices, default=Scope.WORKSPACE)
    owner = models.ForeignKey(User, null=True, on_delete=models.CASCADE, related_name="+")
    settings = models.JSONField(default=dict)
    endings = models.JSONField(default=dict)
    allowed_hosts = ArrayField(models.CharField(max_length=255), default=list)
    rotate_after_days = models.PositiveIntegerField(null=True)
    created_by = models.ForeignKey(User, null=True, on_delete=models.SET_NULL, related_name="+")
    created_at = models.DateTimeField()
    updated_at = models.DateTimeField()
    secret_changed_at = models.DateTimeField()
    revision = models.PositiveIntegerField(default=1)
    tested_at = models.DateTimeField(null=True)
    is_verified = models.BooleanField(default=False)
    test_message = models.CharField(max_length=500, blank=True)
    last_used_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "integrations_credential"
        constraints = [
            models.UniqueConstraint(
                fields=["workspace", "name"], condition=models.Q(scope="workspace"), name="integrations_name_once"
            ),
            models.UniqueConstraint(
                fields=["workspace", "owner", "name"],
                condition=models.Q(scope="user"),
                name="integrations_private_name_once",
            ),
            models.CheckConstraint(
                condition=models.Q(scope="workspace", owner=None) | models.Q(scope="user", owner__isnull=False),
                name="integrations_private_has_owner",
            ),
        ]
        indexes = [models.Index(fields=["workspace", "-id"], name="integrations_newest")]

    def __str__(self) -> str:
        return self.name

    @property
    def is_private(self) -> bool:
        """Whether it is one member's alone."""
        return self.scope == self.Scope.USER

    @property
    def rotate_at(self) -> datetime | None:
        """When its secret should be replaced by a fresh one."""
        if self.rotate_after_days is None:
            return None
        return self.secret_changed_at + timedelta(days=self.rotate_after_days)

    def is_due(self, now: datetime) -> bool:
        """Whether it should have been replaced by now."""
        return self.rotate_at is not None and self.rotate_at <= now


class CredentialUse(models.Model):
    """How often a workflow used a credential on one day (UTC): the record of its uses, without a row per call."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    workspace = models.ForeignKey(Workspace, on_delete=models.CASCADE, related_name="+")
    credential = models.ForeignKey(Credential, on_delete=models.CASCADE, related_name="+")
    workflow_id = models.UUIDField()
    day = models.DateField()
    count = models.PositiveIntegerField()
    first_at = models.DateTimeField()
    last_at = models.DateTimeField()
    last_execution_id = models.UUIDField(null=True)

    class Meta:
        db_table = "integrations_credential_use"
        constraints = [
            models.UniqueConstraint(fields=["credential", "workflow_id", "day"], name="integrations_use_per_day"),
        ]
        indexes = [models.Index(fields=["workspace", "-day"], name="integrations_use_newest")]

    def __str__(self) -> str:
        return f"{self.count} × {self.credential_id} on {self.day}"


class Grant(Sealed):
    """What a provider gave for a credential: its tokens are in `sealed`, what may be shown beside them.

    `revision` counts the tokens it had. Whoever renews them holds it until `claimed_until`; `is_in_doubt` says that
    somebody began to and was not heard of again, so that the provider may have given tokens nobody has.
    """

    SEAL = "oauth_grant"

    credential = models.OneToOneField(Credential, on_delete=models.CASCADE, related_name="grant")
    account = models.CharField(max_length=200, blank=True)
    external_id = models.CharField(
        max_length=200, blank=True, default="", db_default="", help_text="what the vendor calls the account"
    )
    scope = models.CharField(max_length=2_000, blank=True)
    problem = models.CharField(max_length=500, blank=True)
    revision = models.PositiveIntegerField(default=1)
    expires_at = models.DateTimeField(null=True)
    renew_at = models.DateTimeField(null=True)
    claimed_until = models.DateTimeField(null=True)
    retry_at = models.DateTimeField(null=True)
    is_in_doubt = models.BooleanField(default=False)
    connected_at = models.DateTimeField()
    connected_by = models.ForeignKey(User, null=True, on_delete=models.SET_NULL, related_name="+")
    renewed_at = models.DateTimeField(null=True)
    broken_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "integrations_grant"
        indexes = [
            models.Index(
                fields=["external_id"], condition=~models.Q(external_id=""), name="integrations_grant_account"
            ),
        ]

    def __str__(self) -> str:
        return f"grant of {self.credential_id}"

    @property
    def is_broken(self) -> bool:
        """Whether somebody has to connect again."""
        return self.broken_at is not None

    def is_expired(self, now: datetime) -> bool:
        """Whether the access token is of no use any more."""
        return self.expires_at is not None and self.expires_at <= now

    def is_due(self, now: datetime) -> bool:
        """Whether the tokens should be renewed by now."""
        return self.renew_at is not None and self.renew_at <= now


class Connecting(Sealed):
    """Somebody was sent to a provider and has not come back yet. `sealed` holds the PKCE verifier.

    It is found by the hash of `state`, counts for one person in one browser session, once, for ten minutes, and only
    while the credential is what it was.
    """

    SEAL = "oauth_connecting"

    credential = models.ForeignKey(Credential, on_delete=models.CASCADE, related_name="+")
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="+")
    state_digest = models.CharField(max_length=64, unique=True)
    session_digest = models.CharField(max_length=64)
    credential_changed_at = models.DateTimeField()
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    used_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "integrations_connecting"

    def __str__(self) -> str:
        return f"connecting {self.credential_id}"


class VendorDelivery(models.Model):
    """Something a vendor sent, as it was proven. Kept for a week; the same one twice is one row."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    workspace = models.ForeignKey(Workspace, on_delete=models.CASCADE, related_name="+")
    credential = models.ForeignKey(Credential, on_delete=models.CASCADE, related_name="+")
    vendor = models.CharField(max_length=40)
    external_id = models.CharField(max_length=200)
    kind = models.CharField(max_length=100)
    body = models.JSONField(default=dict)
    received_at = models.DateTimeField()

    class Meta:
        db_table = "integrations_vendor_delivery"
        verbose_name_plural = "vendor deliveries"
        constraints = [
            models.UniqueConstraint(fields=["workspace", "vendor", "external_id"], name="integrations_delivery_once"),
        ]
        indexes = [models.Index(fields=["workspace", "received_at"], name="integrations_delivery_age")]

    def __str__(self) -> str:
        return f"{self.vendor}: {self.kind}"
