"""The operators' side of the product, `/admin/`: the people who run the installation. See decision 8.

An app shows its tables in its own `admin.py`: `OperatorAdmin` for what belongs to nobody, `TenantAdmin` for what
belongs to a workspace, registered by `@admin.register(Model)`. Anything else that is registered, as packages do with
their own, is left out.
"""

from __future__ import annotations

from apps.accounts.access.operators.actor import chosen_workspace, operator_of
from apps.accounts.access.operators.models import OneOf, OperatorAdmin, TenantAdmin, one_by_one

__all__ = ["OneOf", "OperatorAdmin", "TenantAdmin", "chosen_workspace", "one_by_one", "operator_of"]
