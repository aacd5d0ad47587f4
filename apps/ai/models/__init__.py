"""What is kept about models: which ones a workspace uses, what they cost, and what agents remember."""

from __future__ import annotations

from apps.ai.models.budgets import Budget, BudgetUse, Period, Scope, Then
from apps.ai.models.choices import ModelChoices
from apps.ai.models.jobs import Answer, Comparison, Job, Pull
from apps.ai.models.ledger import ANSWERED, LOST, Call, OpenCall, UsageDay
from apps.ai.models.memories import MemoryFact, MemoryKind, MemoryMessage, MemoryPiece, MemorySession

__all__ = [
    "ANSWERED",
    "LOST",
    "Answer",
    "Budget",
    "BudgetUse",
    "Call",
    "Comparison",
    "Job",
    "MemoryFact",
    "MemoryKind",
    "MemoryMessage",
    "MemoryPiece",
    "MemorySession",
    "ModelChoices",
    "OpenCall",
    "Period",
    "Pull",
    "Scope",
    "Then",
    "UsageDay",
]
