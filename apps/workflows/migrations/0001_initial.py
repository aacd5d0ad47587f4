import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

import apps.core.ids
from apps.core.tenancy import definer, protect

_IMMUTABLE = """
CREATE OR REPLACE FUNCTION workflows_version_immutable() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'A version never changes (version %).', OLD.id USING ERRCODE = 'restrict_violation';
END $$;
CREATE TRIGGER workflows_version_immutable BEFORE UPDATE ON workflows_version
    FOR EACH ROW EXECUTE FUNCTION workflows_version_immutable();
REVOKE UPDATE, DELETE ON workflows_version FROM agentflow_app, agentflow_definer;
"""

_WEBHOOK_FIND = """
CREATE OR REPLACE FUNCTION workflows_webhook_find(workspace_slug text, method text, path text)
RETURNS TABLE (
    workspace_id uuid, workflow_id uuid, workflow_name text, version_id uuid, node_id text, trigger_id uuid,
    params jsonb, settings jsonb, queue text
)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
    SELECT w.id, f.id, f.name::text, v.id, t.node_id::text, t.id, t.params,
           COALESCE(v.definition -> 'settings', '{}'::jsonb), v.queue::text
    FROM accounts_workspace w
    JOIN workflows_active_trigger t
        ON t.workspace_id = w.id AND t.subtype = 'WEBHOOK' AND t.key = $2 || ' ' || $3
    JOIN workflows_workflow f ON f.id = t.workflow_id
    JOIN workflows_version v ON v.id = t.version_id
    WHERE w.slug = $1
$$;
"""

_WEBHOOK_METHODS = """
CREATE OR REPLACE FUNCTION workflows_webhook_methods(workspace_slug text, path text)
RETURNS SETOF text
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
    SELECT split_part(t.key, ' ', 1)
    FROM accounts_workspace w
    JOIN workflows_active_trigger t ON t.workspace_id = w.id AND t.subtype = 'WEBHOOK'
    WHERE w.slug = $1
      AND t.key = ANY (ARRAY['GET ' || $2, 'POST ' || $2, 'PUT ' || $2, 'PATCH ' || $2, 'DELETE ' || $2])
    ORDER BY 1
$$;
"""


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        ("accounts", "0001_initial"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="Version",
            fields=[
                (
                    "id",
                    models.UUIDField(default=apps.core.ids.uuid7, editable=False, primary_key=True, serialize=False),
                ),
                ("number", models.PositiveIntegerField(null=True)),
                ("definition", models.JSONField()),
                ("digest", models.CharField(max_length=64)),
                ("queue", models.CharField(default="default", max_length=20)),
                ("note", models.TextField(blank=True)),
                ("published_by_id", models.UUIDField(null=True)),
                ("published_by_label", models.CharField(max_length=300)),
                ("published_at", models.DateTimeField()),
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
                "db_table": "workflows_version",
            },
        ),
        migrations.CreateModel(
            name="Workflow",
            fields=[
                (
                    "id",
                    models.UUIDField(default=apps.core.ids.uuid7, editable=False, primary_key=True, serialize=False),
                ),
                ("name", models.CharField(max_length=200)),
                ("description", models.TextField(blank=True)),
                (
                    "status",
                    models.CharField(
                        choices=[
                            ("draft", "Draft"),
                            ("active", "Active"),
                            ("paused", "Paused"),
                            ("archived", "Archived"),
                        ],
                        default="draft",
                        max_length=10,
                    ),
                ),
                ("draft", models.JSONField()),
                ("draft_revision", models.PositiveIntegerField(default=1)),
                ("created_at", models.DateTimeField()),
                ("updated_at", models.DateTimeField()),
                ("deleted_at", models.DateTimeField(null=True)),
                (
                    "active_version",
                    models.ForeignKey(
                        null=True, on_delete=django.db.models.deletion.PROTECT, related_name="+", to="workflows.version"
                    ),
                ),
                (
                    "created_by",
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
                        on_delete=django.db.models.deletion.CASCADE, related_name="+", to="accounts.workspace"
                    ),
                ),
            ],
            options={
                "db_table": "workflows_workflow",
            },
        ),
        migrations.AddField(
            model_name="version",
            name="workflow",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="versions", to="workflows.workflow"
            ),
        ),
        migrations.CreateModel(
            name="ActiveTrigger",
            fields=[
                (
                    "id",
                    models.UUIDField(default=apps.core.ids.uuid7, editable=False, primary_key=True, serialize=False),
                ),
                ("subtype", models.CharField(max_length=40)),
                ("key", models.CharField(max_length=400)),
                ("node_id", models.CharField(max_length=100)),
                ("params", models.JSONField()),
                ("active_since", models.DateTimeField()),
                (
                    "workspace",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="accounts.workspace",
                    ),
                ),
                (
                    "version",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="workflows.version",
                    ),
                ),
                (
                    "workflow",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="active_triggers",
                        to="workflows.workflow",
                    ),
                ),
            ],
            options={
                "db_table": "workflows_active_trigger",
            },
        ),
        migrations.AddIndex(
            model_name="workflow",
            index=models.Index(
                condition=models.Q(("deleted_at", None)), fields=["workspace", "-id"], name="workflows_newest"
            ),
        ),
        migrations.AddConstraint(
            model_name="workflow",
            constraint=models.CheckConstraint(
                condition=models.Q(("status__in", ["draft", "active", "paused", "archived"])),
                name="workflows_status_exists",
            ),
        ),
        migrations.AddConstraint(
            model_name="workflow",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("status", "active"), _negated=True), ("active_version__isnull", False), _connector="OR"
                ),
                name="workflows_active_has_version",
            ),
        ),
        migrations.AddConstraint(
            model_name="version",
            constraint=models.UniqueConstraint(fields=("workflow", "number"), name="workflows_version_number"),
        ),
        migrations.AddConstraint(
            model_name="version",
            constraint=models.UniqueConstraint(
                condition=models.Q(("number", None)), fields=("workflow", "digest"), name="workflows_snapshot_once"
            ),
        ),
        migrations.AddConstraint(
            model_name="activetrigger",
            constraint=models.UniqueConstraint(
                fields=("workspace", "subtype", "key"), name="workflows_trigger_address"
            ),
        ),
        protect("workflows_workflow"),
        protect("workflows_version"),
        protect("workflows_active_trigger"),
        migrations.RunSQL(_IMMUTABLE, reverse_sql="DROP FUNCTION IF EXISTS workflows_version_immutable() CASCADE"),
        definer("workflows_webhook_find(text, text, text)", _WEBHOOK_FIND),
        definer("workflows_webhook_methods(text, text)", _WEBHOOK_METHODS),
    ]
