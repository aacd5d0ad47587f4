"""What is kept about models: which ones a workspace uses, what they cost, and what agents remember."""

from __future__ import annotations

from apps.ai.models.choices import ModelChoices

__all__ = ["ModelChoices"]
