from django.db import models

from apps.accounts.models import Workspace
from apps.core.ids import uuid7


class Workflow(models.Model):
    id = models.UUIDField(primary_key=True, default=uuid7)
    workspace = models.ForeignKey(Workspace, on_delete=models.CASCADE, related_name="+")
    name = models.TextField()


class Version(models.Model):
    id = models.UUIDField(primary_key=True, default=uuid7)
    workspace = models.ForeignKey(Workspace, on_delete=models.CASCADE, related_name="+")
    workflow = models.ForeignKey(Workflow, on_delete=models.CASCADE, related_name="+")
    number = models.IntegerField(default=1)
    definition = models.JSONField()
