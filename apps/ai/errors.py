"""What can be wrong with models and what is asked of them."""

from __future__ import annotations

from apps.core.errors import Conflict, Invalid, NotFound


class ChoicesInvalid(Invalid):
    """These models cannot be the workspace's."""

    code = "ai.choices_invalid"


class ProviderUnknown(NotFound):
    """There is no such credential for models."""

    code = "ai.provider_unknown"


class PullNotFound(NotFound):
    """There is no such pull in this workspace."""

    code = "ai.pull_not_found"


class ServerNotFound(NotFound):
    """There is no such Ollama server in this workspace."""

    code = "ai.server_not_found"


class PullInvalid(Invalid):
    """This is no name of a model."""

    code = "ai.pull_invalid"
    default_hint = "Write it as Ollama does: “llama3.2:3b”."


class ComparisonInvalid(Invalid):
    """This cannot be compared."""

    code = "ai.comparison_invalid"


class ComparisonNotFound(NotFound):
    """There is no such comparison in this workspace."""

    code = "ai.comparison_not_found"


class NothingToStop(Conflict):
    """It has already ended."""

    code = "ai.nothing_to_stop"


class BudgetUnknown(NotFound):
    """There is no such budget in this workspace."""

    code = "ai.budget_unknown"


class BudgetInvalid(Invalid):
    """This cannot be a budget."""

    code = "ai.budget_invalid"


class BudgetNameTaken(Conflict):
    """Another budget of this workspace has this name."""

    code = "ai.budget_name_taken"


class TooManyBudgets(Conflict):
    """The workspace has as many budgets as it may have."""

    code = "ai.too_many_budgets"
    default_hint = "Delete one that is no longer needed."


class MemoryNotFound(NotFound):
    """There is no such memory in this workspace, or it is forgotten already."""

    code = "ai.memory_not_found"
