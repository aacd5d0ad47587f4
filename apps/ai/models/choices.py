"""Which models a workspace uses where nothing else is said."""

from __future__ import annotations

from typing import Any

from django.db import models

from apps.accounts.models import Workspace


class ModelChoices(models.Model):
    """One row per workspace that has chosen. Holds names and ids, no secret."""

    workspace = models.OneToOneField(Workspace, on_delete=models.CASCADE, primary_key=True, related_name="+")
    chain: models.JSONField[Any, Any] = models.JSONField(
        default=list, help_text="the default model, then its fallbacks: each a nodes.contract.ModelRef"
    )
    embedding: models.JSONField[Any, Any] = models.JSONField(null=True, help_text="a nodes.contract.ModelRef, or null")
    credentials: models.JSONField[Any, Any] = models.JSONField(
        default=dict, help_text="the credential used for a provider where none is named: provider → id"
    )
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        db_table = "ai_model_choices"
        verbose_name_plural = "model choices"

    def __str__(self) -> str:
        return f"models of {self.workspace_id}"
