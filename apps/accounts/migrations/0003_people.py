"""Invitations, profiles, former addresses of workspaces, and who may do what with one object."""

from __future__ import annotations

from typing import Any

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

import apps.core.ids
from apps.accounts.migrations import _functions_0003
from apps.core.tenancy import definer, protect, share

_ROLES = [("owner", "Owner"), ("admin", "Admin"), ("member", "Member"), ("viewer", "Viewer")]


def _id() -> Any:
    return models.UUIDField(default=apps.core.ids.uuid7, editable=False, primary_key=True, serialize=False)


def _workspace() -> Any:
    return models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name="+", to="accounts.workspace")


def _person(on_delete: Any = django.db.models.deletion.SET_NULL) -> Any:
    return models.ForeignKey(null=True, on_delete=on_delete, related_name="+", to=settings.AUTH_USER_MODEL)


class Migration(migrations.Migration):
    """Tables, columns, and the functions that look across workspaces."""

    dependencies = [("accounts", "0002_key_of_the_inactive")]

    operations = [
        migrations.AddField(
            "user",
            "hue",
            models.PositiveSmallIntegerField(
                null=True, help_text="the colour of the initials, 0 to 5; null: by the name"
            ),
        ),
        migrations.AddField(
            "user",
            "picture",
            models.CharField(blank=True, default="", max_length=16, help_text="which picture; empty: the initials"),
        ),
        migrations.AddField(
            "user",
            "timezone",
            models.CharField(blank=True, default="", max_length=64, help_text="empty: the browser's"),
        ),
        migrations.AddField(
            "user",
            "theme",
            models.CharField(
                blank=True, default="", max_length=10, help_text="light, dark, system; empty: the browser's"
            ),
        ),
        migrations.AddField("user", "preferences", models.JSONField(blank=True, default=dict)),
        migrations.AddField("user", "deleted_at", models.DateTimeField(blank=True, null=True)),
        migrations.CreateModel(
            name="Picture",
            fields=[
                (
                    "user",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        primary_key=True,
                        related_name="+",
                        serialize=False,
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                ("content", models.BinaryField()),
                ("media_type", models.CharField(max_length=20)),
            ],
            options={"db_table": "accounts_picture"},
        ),
        migrations.AddField("workspace", "closed_at", models.DateTimeField(blank=True, null=True)),
        migrations.CreateModel(
            name="FormerSlug",
            fields=[
                ("slug", models.SlugField(primary_key=True, serialize=False)),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                ("workspace", _workspace()),
            ],
            options={"db_table": "accounts_former_slug"},
        ),
        migrations.AddField("membership", "last_seen_at", models.DateTimeField(null=True)),
        migrations.AddField("membership", "invited_by", _person()),
        migrations.CreateModel(
            name="Invitation",
            fields=[
                ("id", _id()),
                ("email", models.EmailField(max_length=254)),
                ("role", models.CharField(choices=_ROLES, max_length=10)),
                ("message", models.CharField(blank=True, max_length=500)),
                ("hash", models.CharField(max_length=64, unique=True)),
                ("generation", models.PositiveIntegerField(default=1)),
                ("invited_by_label", models.CharField(max_length=300)),
                ("created_at", models.DateTimeField()),
                ("sent_at", models.DateTimeField()),
                ("expires_at", models.DateTimeField()),
                ("is_mailed", models.BooleanField()),
                ("accepted_at", models.DateTimeField(null=True)),
                ("declined_at", models.DateTimeField(null=True)),
                ("revoked_at", models.DateTimeField(null=True)),
                ("accepted_by", _person()),
                ("invited_by", _person()),
                ("workspace", _workspace()),
            ],
            options={"db_table": "accounts_invitation"},
        ),
        migrations.AddConstraint(
            model_name="invitation",
            constraint=models.UniqueConstraint(
                fields=("workspace", "email"),
                name="accounts_invitation_once",
                condition=models.Q(("accepted_at", None), ("declined_at", None), ("revoked_at", None)),
            ),
        ),
        migrations.AddConstraint(
            model_name="invitation",
            constraint=models.CheckConstraint(
                condition=models.Q(("role__in", [role for role, _ in _ROLES])), name="accounts_invitation_role_exists"
            ),
        ),
        migrations.CreateModel(
            name="ObjectGrant",
            fields=[
                ("id", _id()),
                ("kind", models.CharField(max_length=20)),
                ("object_id", models.UUIDField()),
                ("level", models.CharField(max_length=10)),
                ("user", _person(django.db.models.deletion.CASCADE)),
                ("workspace", _workspace()),
            ],
            options={"db_table": "accounts_object_grant"},
        ),
        migrations.AddIndex(
            model_name="objectgrant", index=models.Index(fields=["workspace", "user"], name="accounts_object_grant_of")
        ),
        migrations.AddConstraint(
            model_name="objectgrant",
            constraint=models.UniqueConstraint(
                fields=("object_id", "user"), name="accounts_object_grant_once", nulls_distinct=False
            ),
        ),
        share("accounts_picture"),
        protect("accounts_former_slug"),
        protect("accounts_invitation"),
        protect("accounts_object_grant"),
        *(definer(signature, _functions_0003.NEW[signature]) for signature in _functions_0003.ORDER),
    ]
