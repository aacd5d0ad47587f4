"""The audit log becomes a chain: what was recorded before is put into it in the order of its time."""

from __future__ import annotations

from typing import Any

import django.db.models.deletion
from django.db import migrations, models

from apps.accounts.migrations import _functions_0005
from apps.core.tenancy import definer, protect


def chain_what_is_there(apps: Any, schema_editor: Any) -> None:
    """Give every event its digest and its link, and every workspace that has any its head."""
    alias = schema_editor.connection.alias
    event_model = apps.get_model("accounts", "AuditEvent")
    link_model = apps.get_model("accounts", "AuditLink")
    head_model = apps.get_model("accounts", "AuditHead")
    heads: dict[Any, tuple[int, str]] = {}
    for event in event_model.objects.using(alias).order_by("workspace_id", "at", "id").iterator(chunk_size=1_000):
        event.digest = _functions_0005.digest_of(event)
        event_model.objects.using(alias).filter(id=event.id).update(digest=event.digest)
        seq, before = heads.get(event.workspace_id, (0, ""))
        seq, hash_ = seq + 1, _functions_0005.link_hash(before, seq + 1, event.digest)
        link_model.objects.using(alias).create(event_id=event.id, workspace_id=event.workspace_id, seq=seq, hash=hash_)
        heads[event.workspace_id] = (seq, hash_)
    head_model.objects.using(alias).bulk_create(
        head_model(workspace_id=workspace_id, seq=seq, hash=hash_, first_seq=0, first_hash="")
        for workspace_id, (seq, hash_) in heads.items()
    )
    with schema_editor.connection.cursor() as cursor:  # no table can be altered while checks of its rows are due
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")


class Migration(migrations.Migration):
    """Runs in one transaction: either everything is in the chain, or there is none."""

    dependencies = [("accounts", "0004_signin")]

    operations = [
        migrations.AddField("auditevent", "via", models.CharField(db_default="", default="", max_length=10)),
        migrations.AddField("auditevent", "address", models.CharField(db_default="", default="", max_length=45)),
        migrations.AddField("auditevent", "user_agent", models.CharField(db_default="", default="", max_length=300)),
        migrations.AddField(
            "auditevent", "digest", models.CharField(default="", max_length=64), preserve_default=False
        ),
        migrations.AddIndex(
            "auditevent", models.Index(fields=["workspace", "action", "-id"], name="accounts_audit_by_action")
        ),
        migrations.AddIndex(
            "auditevent", models.Index(fields=["workspace", "actor_id", "-id"], name="accounts_audit_by_actor")
        ),
        migrations.CreateModel(
            name="AuditLink",
            fields=[
                (
                    "event",
                    models.OneToOneField(
                        db_constraint=False,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        primary_key=True,
                        related_name="link",
                        serialize=False,
                        to="accounts.auditevent",
                    ),
                ),
                ("seq", models.BigIntegerField()),
                ("hash", models.CharField(max_length=64)),
                (
                    "workspace",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="+", to="accounts.workspace"
                    ),
                ),
            ],
            options={
                "db_table": "accounts_audit_link",
                "constraints": [models.UniqueConstraint(fields=("workspace", "seq"), name="accounts_audit_link_once")],
            },
        ),
        migrations.CreateModel(
            name="AuditHead",
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
                ("seq", models.BigIntegerField()),
                ("hash", models.CharField(max_length=64)),
                ("first_seq", models.BigIntegerField()),
                ("first_hash", models.CharField(max_length=64)),
            ],
            options={"db_table": "accounts_audit_head"},
        ),
        protect("accounts_audit_link"),
        protect("accounts_audit_head"),
        migrations.RunSQL(
            "REVOKE INSERT, UPDATE, DELETE ON accounts_audit_link, accounts_audit_head FROM agentflow_app;"
            "GRANT DELETE ON accounts_audit_event TO agentflow_definer;",
            reverse_sql=migrations.RunSQL.noop,
        ),
        migrations.RunPython(chain_what_is_there, migrations.RunPython.noop),
        definer("accounts_audit_chain()", _functions_0005.LINK),
        definer("accounts_audit_forget(int, int)", _functions_0005.FORGET),
        definer("accounts_audited()", _functions_0005.AUDITED),
        migrations.RunSQL(_functions_0005.REFUSE, reverse_sql="DROP FUNCTION accounts_audit_refuse CASCADE"),
    ]
