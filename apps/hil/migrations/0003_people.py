"""Who is asked, by when, and what they said."""

from __future__ import annotations

from datetime import time

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

import apps.core.ids
from apps.core.tenancy import definer, protect, veil

_TIMERS_TAKE = """
CREATE FUNCTION hil_timers_take(most integer, hold double precision)
RETURNS TABLE (timer_id uuid, workspace_id uuid)
LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = public, pg_temp AS $$
    UPDATE hil_timer t SET due_at = clock_timestamp() + hold * interval '1 second'
    WHERE t.id IN (
        SELECT d.id FROM hil_timer d WHERE d.due_at <= clock_timestamp()
        ORDER BY d.due_at LIMIT most FOR UPDATE SKIP LOCKED)
    RETURNING t.id, t.workspace_id
$$;
"""


class Migration(migrations.Migration):
    """Questions that wait already stay as they are: the first answer of anybody who may decides them."""

    dependencies = [
        ("accounts", "0006_notices"),
        ("hil", "0002_sharing"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="Calendar",
            fields=[
                (
                    "workspace",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        primary_key=True,
                        related_name="+",
                        serialize=False,
                        to="accounts.workspace",
                    ),
                ),
                ("zone", models.CharField(default="UTC", max_length=64)),
                ("days", models.JSONField(default=list, help_text="1 (Monday) to 7")),
                ("opens", models.TimeField(default=time(9, 0))),
                ("closes", models.TimeField(default=time(17, 0), help_text="00:00: midnight")),
                ("holidays", models.JSONField(default=list, help_text="dates, as 2026-12-25")),
            ],
            options={
                "db_table": "hil_calendar",
            },
        ),
        migrations.AddField(
            model_name="interaction",
            name="answered_assurance",
            field=models.SmallIntegerField(
                choices=[
                    (0, "anyone with the link"),
                    (1, "known recipient"),
                    (2, "signed in"),
                    (3, "signed in with role"),
                ],
                null=True,
            ),
        ),
        migrations.AddField(
            model_name="interaction",
            name="assurance",
            field=models.SmallIntegerField(
                choices=[
                    (0, "anyone with the link"),
                    (1, "known recipient"),
                    (2, "signed in"),
                    (3, "signed in with role"),
                ],
                db_default=0,
                default=0,
            ),
        ),
        migrations.AddField(
            model_name="interaction",
            name="audit_id",
            field=models.UUIDField(help_text="the event of the audit log that holds the decision", null=True),
        ),
        migrations.AddField(
            model_name="interaction",
            name="barred_user_id",
            field=models.UUIDField(help_text="who started the run, where they may not answer", null=True),
        ),
        migrations.AddField(
            model_name="interaction",
            name="can_bulk",
            field=models.BooleanField(db_default=False, default=False),
        ),
        migrations.AddField(
            model_name="interaction",
            name="can_delegate",
            field=models.BooleanField(db_default=True, default=True),
        ),
        migrations.AddField(
            model_name="interaction",
            name="channels",
            field=models.JSONField(help_text="see `apps.hil.channels`", null=True),
        ),
        migrations.AddField(
            model_name="interaction",
            name="deadline_outcome",
            field=models.TextField(db_default="timeout", default="timeout", help_text="what silence comes to"),
        ),
        migrations.AddField(
            model_name="interaction",
            name="form",
            field=models.JSONField(help_text="see `apps.hil.forms`", null=True),
        ),
        migrations.AddField(
            model_name="interaction",
            name="has_asks",
            field=models.BooleanField(db_default=False, default=False, help_text="only who is asked may answer"),
        ),
        migrations.AddField(
            model_name="interaction",
            name="needs_button",
            field=models.BooleanField(db_default=False, default=False, help_text="no answer in words"),
        ),
        migrations.AddField(
            model_name="interaction",
            name="needs_comment",
            field=models.JSONField(db_default=[], default=list),
        ),
        migrations.AddField(
            model_name="interaction",
            name="policy",
            field=models.JSONField(help_text="see `apps.hil.policy`", null=True),
        ),
        migrations.AddField(
            model_name="interaction",
            name="progress",
            field=models.TextField(db_default="", default="", help_text="the votes so far, in words"),
        ),
        migrations.AddField(
            model_name="interaction",
            name="timing",
            field=models.JSONField(help_text="see `apps.hil.ladder`", null=True),
        ),
        migrations.AlterField(
            model_name="interaction",
            name="answered_via",
            field=models.CharField(
                choices=[
                    ("app", "In the app"),
                    ("api", "By API"),
                    ("link", "By link"),
                    ("email", "By e-mail"),
                    ("slack", "In Slack"),
                    ("webhook", "By webhook"),
                ],
                max_length=10,
                null=True,
            ),
        ),
        migrations.CreateModel(
            name="Ask",
            fields=[
                (
                    "id",
                    models.UUIDField(default=apps.core.ids.uuid7, editable=False, primary_key=True, serialize=False),
                ),
                (
                    "kind",
                    models.CharField(
                        choices=[("member", "Member"), ("email", "E-mail address"), ("slack", "Slack user")],
                        max_length=10,
                    ),
                ),
                ("address", models.TextField(help_text="of an e-mail in lower case, or the Slack user's id")),
                ("label", models.TextField(help_text="what people read")),
                ("groups", models.JSONField(default=list)),
                ("role", models.CharField(default="", help_text="asked because they have this role", max_length=10)),
                (
                    "reason",
                    models.CharField(
                        choices=[
                            ("assigned", "Named by the workflow"),
                            ("delegated", "Handed on by somebody"),
                            ("deputy", "Stands in for somebody who is away"),
                            ("escalated", "Added because time was running out"),
                        ],
                        default="assigned",
                        max_length=10,
                    ),
                ),
                ("note", models.TextField(default="", help_text="what whoever handed it on wrote")),
                (
                    "status",
                    models.CharField(
                        choices=[
                            ("waiting", "Not yet their turn"),
                            ("asked", "Asked"),
                            ("answered", "Answered"),
                            ("passed", "Handed on"),
                        ],
                        default="asked",
                        max_length=10,
                    ),
                ),
                ("channels", models.JSONField(null=True)),
                ("asked_at", models.DateTimeField(help_text="null: not yet their turn", null=True)),
                ("opened_at", models.DateTimeField(help_text="when they first looked", null=True)),
                ("answered_at", models.DateTimeField(null=True)),
                (
                    "interaction",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="asks", to="hil.interaction"
                    ),
                ),
                (
                    "passed_from",
                    models.ForeignKey(
                        null=True, on_delete=django.db.models.deletion.CASCADE, related_name="+", to="hil.ask"
                    ),
                ),
                (
                    "user",
                    models.ForeignKey(
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
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
            options={
                "db_table": "hil_ask",
            },
        ),
        migrations.AddField(
            model_name="interactionlink",
            name="ask",
            field=models.ForeignKey(
                null=True, on_delete=django.db.models.deletion.CASCADE, related_name="+", to="hil.ask"
            ),
        ),
        migrations.CreateModel(
            name="Entry",
            fields=[
                (
                    "id",
                    models.UUIDField(default=apps.core.ids.uuid7, editable=False, primary_key=True, serialize=False),
                ),
                ("at", models.DateTimeField()),
                ("kind", models.CharField(max_length=30)),
                ("icon", models.CharField(default="circle", max_length=30)),
                ("text", models.TextField()),
                ("data", models.JSONField(default=dict)),
                ("audit_id", models.UUIDField(null=True)),
                (
                    "interaction",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="entries", to="hil.interaction"
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
            options={
                "verbose_name_plural": "entries",
                "db_table": "hil_entry",
            },
        ),
        migrations.CreateModel(
            name="Timer",
            fields=[
                (
                    "id",
                    models.UUIDField(default=apps.core.ids.uuid7, editable=False, primary_key=True, serialize=False),
                ),
                (
                    "kind",
                    models.CharField(
                        choices=[("remind", "Reminder"), ("escalate", "Escalation"), ("deadline", "Deadline")],
                        max_length=10,
                    ),
                ),
                ("number", models.SmallIntegerField(default=0, help_text="which step of the ladder")),
                ("due_at", models.DateTimeField()),
                (
                    "interaction",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="+", to="hil.interaction"
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
            options={
                "db_table": "hil_timer",
            },
        ),
        migrations.CreateModel(
            name="Vote",
            fields=[
                (
                    "id",
                    models.UUIDField(default=apps.core.ids.uuid7, editable=False, primary_key=True, serialize=False),
                ),
                (
                    "voter",
                    models.TextField(
                        help_text="who it is, the same however they answer: user:<id>, email:<address>, link:<id>"
                    ),
                ),
                ("label", models.TextField(help_text="what people read")),
                (
                    "via",
                    models.CharField(
                        choices=[
                            ("app", "In the app"),
                            ("api", "By API"),
                            ("link", "By link"),
                            ("email", "By e-mail"),
                            ("slack", "In Slack"),
                            ("webhook", "By webhook"),
                        ],
                        max_length=10,
                    ),
                ),
                (
                    "assurance",
                    models.SmallIntegerField(
                        choices=[
                            (0, "anyone with the link"),
                            (1, "known recipient"),
                            (2, "signed in"),
                            (3, "signed in with role"),
                        ]
                    ),
                ),
                ("outcome", models.TextField()),
                ("comment", models.TextField(default="")),
                ("data", models.JSONField(null=True)),
                ("evidence", models.JSONField(help_text="how words were understood", null=True)),
                ("at", models.DateTimeField()),
                ("is_deciding", models.BooleanField(default=False)),
                ("audit_id", models.UUIDField(null=True)),
                (
                    "ask",
                    models.ForeignKey(
                        null=True, on_delete=django.db.models.deletion.CASCADE, related_name="+", to="hil.ask"
                    ),
                ),
                (
                    "interaction",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="votes", to="hil.interaction"
                    ),
                ),
                (
                    "user",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
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
            options={
                "db_table": "hil_vote",
            },
        ),
        migrations.CreateModel(
            name="Absence",
            fields=[
                (
                    "id",
                    models.UUIDField(default=apps.core.ids.uuid7, editable=False, primary_key=True, serialize=False),
                ),
                ("from_at", models.DateTimeField()),
                ("until_at", models.DateTimeField(null=True)),
                ("note", models.CharField(default="", max_length=200)),
                ("created_at", models.DateTimeField()),
                (
                    "deputy",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "user",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="+", to=settings.AUTH_USER_MODEL
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
            options={
                "db_table": "hil_absence",
                "indexes": [models.Index(fields=["workspace", "user"], name="hil_absence_of_user")],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            ("until_at__isnull", True), ("until_at__gt", models.F("from_at")), _connector="OR"
                        ),
                        name="hil_absence_ends_after_it_begins",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("deputy__isnull", True),
                            models.Q(("deputy", models.F("user")), _negated=True),
                            _connector="OR",
                        ),
                        name="hil_absence_deputy_is_another",
                    ),
                ],
            },
        ),
        migrations.AddIndex(
            model_name="ask",
            index=models.Index(
                condition=models.Q(("user__isnull", False)),
                fields=["workspace", "user", "interaction"],
                name="hil_ask_of_user",
            ),
        ),
        migrations.AddConstraint(
            model_name="ask",
            constraint=models.UniqueConstraint(fields=("interaction", "kind", "address"), name="hil_ask_once"),
        ),
        migrations.AddConstraint(
            model_name="ask",
            constraint=models.CheckConstraint(
                condition=models.Q(("status__in", ["waiting", "asked", "answered", "passed"])),
                name="hil_ask_status_exists",
            ),
        ),
        migrations.AddIndex(
            model_name="timer",
            index=models.Index(fields=["due_at"], name="hil_timer_due"),
        ),
        migrations.AddConstraint(
            model_name="timer",
            constraint=models.UniqueConstraint(fields=("interaction", "kind", "number"), name="hil_timer_once"),
        ),
        migrations.AddConstraint(
            model_name="vote",
            constraint=models.UniqueConstraint(fields=("interaction", "voter"), name="hil_vote_once"),
        ),
        migrations.AddConstraint(
            model_name="vote",
            constraint=models.UniqueConstraint(
                condition=models.Q(("is_deciding", True)), fields=("interaction",), name="hil_vote_decides_once"
            ),
        ),
        protect("hil_ask"),
        protect("hil_vote"),
        protect("hil_absence"),
        protect("hil_entry"),
        protect("hil_timer"),
        protect("hil_calendar"),
        veil("hil_ask", column="interaction_id", parent="hil_interaction"),
        veil("hil_vote", column="interaction_id", parent="hil_interaction"),
        veil("hil_entry", column="interaction_id", parent="hil_interaction"),
        definer("hil_timers_take(integer, double precision)", _TIMERS_TAKE),
    ]
