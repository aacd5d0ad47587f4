"""Executions that call each other, and the event that tells of an execution's end."""

from __future__ import annotations

from django.db import migrations, models

from apps.executions.migrations import _functions_0004


class Migration(migrations.Migration):
    dependencies = [("executions", "0003_steps"), ("core", "0003_events")]

    operations = [
        migrations.AddField(
            model_name="execution",
            name="parent_id",
            field=models.UUIDField(help_text="the execution that called this one", null=True),
        ),
        migrations.AddField(
            model_name="execution",
            name="parent_wait_id",
            field=models.UUIDField(help_text="what that execution waits with for this one, if it does", null=True),
        ),
        migrations.AddField(
            model_name="execution",
            name="child_index",
            field=models.IntegerField(help_text="which of the calls of that node this is", null=True),
        ),
        migrations.AddField(
            model_name="execution",
            name="depth",
            field=models.IntegerField(db_default=0, default=0, help_text="how many executions led to this one"),
        ),
        migrations.AddField(
            model_name="execution",
            name="tells_end",
            field=models.BooleanField(db_default=False, default=False, help_text="whether somebody is told of its end"),
        ),
        migrations.AddField(
            model_name="wait",
            name="details",
            field=models.JSONField(help_text="what its kind needs to go on", null=True),
        ),
        migrations.AlterField(
            model_name="execution",
            name="held_by",
            field=models.TextField(help_text="why it is not due: pause, parent", null=True),
        ),
        migrations.AddIndex(
            model_name="execution",
            index=models.Index(
                condition=models.Q(("parent_id__isnull", False)), fields=["parent_id"], name="execution_children"
            ),
        ),
        migrations.AddIndex(
            model_name="execution",
            index=models.Index(
                condition=models.Q(("held_by", "parent")),
                fields=["parent_wait_id", "child_index"],
                name="execution_next_child",
            ),
        ),
        migrations.AddConstraint(
            model_name="execution",
            constraint=models.UniqueConstraint(
                condition=models.Q(("parent_wait_id__isnull", False)),
                fields=("parent_wait_id", "child_index"),
                name="execution_child_once",
            ),
        ),
        migrations.RunSQL(_functions_0004.TELL_END, "DROP FUNCTION executions_tell_end() CASCADE"),
    ]
