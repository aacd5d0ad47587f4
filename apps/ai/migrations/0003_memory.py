"""What agents remember."""

from __future__ import annotations

import django.db.models.deletion
import pgvector.django.vector
from django.db import migrations, models

from apps.core.ids import uuid7
from apps.core.tenancy import definer, protect, veil

_CHILDREN = ("ai_memory_message", "ai_memory_fact", "ai_memory_piece")
# A column without a length holds vectors of every model; an index needs one, so each common length has its own. Half
# precision: an index of full precision ends at 2,000 dimensions, and would be twice as large.
_INDEXED = (256, 384, 512, 768, 1024, 1536, 3072)
_SWEEP = """
CREATE OR REPLACE FUNCTION ai_memory_sweep(most integer) RETURNS integer
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    gone uuid[];
BEGIN
    SELECT array_agg(id) INTO gone FROM (
        SELECT id FROM ai_memory_session WHERE expires_at < clock_timestamp()
        ORDER BY expires_at LIMIT most FOR UPDATE SKIP LOCKED
    ) AS over;
    DELETE FROM ai_memory_message WHERE session_id = ANY(gone);
    DELETE FROM ai_memory_fact WHERE session_id = ANY(gone);
    DELETE FROM ai_memory_piece WHERE session_id = ANY(gone);
    DELETE FROM ai_memory_session WHERE id = ANY(gone);
    RETURN COALESCE(cardinality(gone), 0);
END $$;
"""


def _index(dimensions: int) -> migrations.RunSQL:
    name = f"ai_memory_piece_near_{dimensions}"
    return migrations.RunSQL(
        f"""CREATE INDEX {name} ON ai_memory_piece
            USING hnsw ((embedding::halfvec({dimensions})) halfvec_cosine_ops) WHERE dimensions = {dimensions}""",
        reverse_sql=f"DROP INDEX IF EXISTS {name}",
    )


class Migration(migrations.Migration):
    """See `apps.ai.models.memories`."""

    dependencies = [("ai", "0002_ledger")]

    operations = [
        migrations.CreateModel(
            name="MemorySession",
            fields=[
                ("id", models.UUIDField(default=uuid7, editable=False, primary_key=True, serialize=False)),
                ("workflow_id", models.UUIDField(null=True)),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("BUFFER", "Buffer"),
                            ("SUMMARY", "Summary"),
                            ("VECTOR", "Vector"),
                            ("ENTITY", "Entity"),
                            ("KEY_VALUE", "Key Value"),
                        ],
                        max_length=10,
                    ),
                ),
                ("key", models.CharField(max_length=200)),
                (
                    "last_seq",
                    models.BigIntegerField(default=0, help_text="of the messages: they are never numbered twice"),
                ),
                ("summary", models.TextField(default="")),
                (
                    "summarised_to",
                    models.BigIntegerField(default=0, help_text="the last message that the summary covers"),
                ),
                ("size", models.BigIntegerField(default=0, help_text="what is kept, in bytes of its text")),
                ("entries", models.IntegerField(default=0, help_text="messages, facts or pieces")),
                ("used_by_workflow", models.UUIDField(null=True)),
                ("used_by_node", models.TextField(default="")),
                ("used_by_execution", models.UUIDField(null=True)),
                ("used_at", models.DateTimeField()),
                ("expires_at", models.DateTimeField(null=True)),
                ("created_at", models.DateTimeField()),
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
                "db_table": "ai_memory_session",
            },
        ),
        migrations.CreateModel(
            name="MemoryPiece",
            fields=[
                ("id", models.UUIDField(default=uuid7, editable=False, primary_key=True, serialize=False)),
                ("run", models.TextField(default="", help_text="execution/node/path")),
                ("at", models.DateTimeField()),
                ("text", models.TextField()),
                ("model", models.CharField(max_length=250)),
                ("dimensions", models.IntegerField()),
                ("embedding", pgvector.django.vector.VectorField()),
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
                    "session",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="ai.memorysession",
                    ),
                ),
            ],
            options={
                "db_table": "ai_memory_piece",
            },
        ),
        migrations.CreateModel(
            name="MemoryMessage",
            fields=[
                ("id", models.UUIDField(default=uuid7, editable=False, primary_key=True, serialize=False)),
                ("run", models.TextField(default="", help_text="execution/node/path")),
                ("at", models.DateTimeField()),
                ("seq", models.BigIntegerField()),
                ("message", models.JSONField(help_text="a nodes.contract.Message")),
                ("tokens", models.IntegerField(help_text="estimated")),
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
                    "session",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="ai.memorysession",
                    ),
                ),
            ],
            options={
                "db_table": "ai_memory_message",
            },
        ),
        migrations.CreateModel(
            name="MemoryFact",
            fields=[
                ("id", models.UUIDField(default=uuid7, editable=False, primary_key=True, serialize=False)),
                ("run", models.TextField(default="", help_text="execution/node/path")),
                ("at", models.DateTimeField()),
                ("subject", models.CharField(default="", max_length=200)),
                ("name", models.CharField(max_length=200)),
                ("value", models.TextField()),
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
                    "session",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="ai.memorysession",
                    ),
                ),
            ],
            options={
                "db_table": "ai_memory_fact",
            },
        ),
        migrations.AddIndex(
            model_name="memorysession",
            index=models.Index(fields=["workspace", "-used_at"], name="ai_memory_session_used"),
        ),
        migrations.AddIndex(
            model_name="memorysession",
            index=models.Index(
                condition=models.Q(("expires_at__isnull", False)), fields=["expires_at"], name="ai_memory_session_over"
            ),
        ),
        migrations.AddConstraint(
            model_name="memorysession",
            constraint=models.UniqueConstraint(
                fields=("workspace", "workflow_id", "kind", "key"), name="ai_memory_session_key", nulls_distinct=False
            ),
        ),
        migrations.AddConstraint(
            model_name="memorypiece",
            constraint=models.UniqueConstraint(fields=("session", "run"), name="ai_memory_piece_run"),
        ),
        migrations.AddIndex(
            model_name="memorymessage",
            index=models.Index(fields=["session", "run"], name="ai_memory_message_run"),
        ),
        migrations.AddConstraint(
            model_name="memorymessage",
            constraint=models.UniqueConstraint(fields=("session", "seq"), name="ai_memory_message_seq"),
        ),
        migrations.AddConstraint(
            model_name="memoryfact",
            constraint=models.UniqueConstraint(fields=("session", "subject", "name"), name="ai_memory_fact_name"),
        ),
        protect("ai_memory_session"),
        *(protect(table) for table in _CHILDREN),
        veil("ai_memory_session", column="workflow_id"),
        *(veil(table, column="session_id", parent="ai_memory_session") for table in _CHILDREN),
        *(_index(dimensions) for dimensions in _INDEXED),
        definer("ai_memory_sweep(integer)", _SWEEP),
    ]
