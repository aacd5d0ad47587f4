"""What calls of models cost: written down one by one, and kept within budgets."""

from __future__ import annotations

from apps.ai.errors import BudgetInvalid, BudgetNameTaken, BudgetUnknown, TooManyBudgets
from apps.ai.ledger.budgets import allow
from apps.ai.ledger.recording import Begun, begin, end

__all__ = [
    "Begun",
    "BudgetInvalid",
    "BudgetNameTaken",
    "BudgetUnknown",
    "TooManyBudgets",
    "allow",
    "begin",
    "end",
]
