"""Notices: what people are told of without having asked."""

from __future__ import annotations

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

from apps.core.ids import uuid7
from apps.core.tenancy import definer, protect, veil

_FORGET = """
CREATE OR REPLACE FUNCTION accounts_notices_forget(read_days int, unread_days int, most int) RETURNS int
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    gone int;
BEGIN
    DELETE FROM accounts_notice WHERE id IN (
        SELECT n.id FROM accounts_notice n
        WHERE n.last_at < clock_timestamp() - least(read_days, unread_days) * interval '1 day'
          AND (n.read_at IS NOT NULL OR n.last_at < clock_timestamp() - unread_days * interval '1 day')
        ORDER BY n.last_at LIMIT most FOR UPDATE SKIP LOCKED);
    GET DIAGNOSTICS gone = ROW_COUNT;
    RETURN gone;
END $$;
"""


class Migration(migrations.Migration):
    """One table, behind the wall and, for objects that are kept from somebody, behind the veil."""

    dependencies = [("accounts", "0005_audit")]
    operations = [
        migrations.CreateModel(
            name="Notice",
            fields=[
                ("id", models.UUIDField(default=uuid7, editable=False, primary_key=True, serialize=False)),
                ("kind", models.CharField(help_text="noun.past, see accounts.notices", max_length=40)),
                ("key", models.CharField(max_length=200)),
                (
                    "subject_id",
                    models.UUIDField(
                        help_text="the object it is about; who may not see that sees no notice", null=True
                    ),
                ),
                ("tone", models.CharField(help_text="success, info, warning or error", max_length=10)),
                ("title", models.CharField(max_length=300)),
                ("many", models.CharField(blank=True, max_length=300)),
                ("detail", models.TextField(blank=True)),
                ("url", models.CharField(max_length=500)),
                ("many_url", models.CharField(blank=True, max_length=500)),
                ("count", models.PositiveIntegerField(default=1)),
                ("first_at", models.DateTimeField()),
                ("last_at", models.DateTimeField()),
                ("read_at", models.DateTimeField(null=True)),
                (
                    "user",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "workspace",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="accounts.workspace",
                    ),
                ),
            ],
            options={"db_table": "accounts_notice"},
        ),
        migrations.AddConstraint(
            model_name="notice",
            constraint=models.UniqueConstraint(
                condition=models.Q(("read_at__isnull", True)),
                fields=("workspace", "user", "key"),
                name="accounts_notice_grows",
            ),
        ),
        migrations.AddIndex(
            model_name="notice",
            index=models.Index(fields=["workspace", "user", "-last_at"], name="accounts_notice_newest"),
        ),
        migrations.AddIndex(model_name="notice", index=models.Index(fields=["last_at"], name="accounts_notice_oldest")),
        protect("accounts_notice"),
        veil("accounts_notice", column="subject_id"),
        definer("accounts_notices_forget(int, int, int)", _FORGET),
    ]
