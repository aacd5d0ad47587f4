"""Named writes."""

from __future__ import annotations

from apps.ai.services import comparing, servers
from apps.ai.services.choosing import model_choices_save
from apps.ai.services.comparing import comparison_cancel, comparison_start, comparisons_forget, comparisons_work
from apps.ai.services.listing import models_listed
from apps.ai.services.memories import memories_sweep, memory_clear, memory_entry_delete
from apps.ai.services.servers import model_delete, pull_cancel, pull_start, pulls_work, server, server_look

__all__ = [
    "comparison_cancel",
    "comparison_start",
    "comparisons_forget",
    "comparisons_work",
    "jobs_tend",
    "memories_sweep",
    "memory_clear",
    "memory_entry_delete",
    "model_choices_save",
    "model_delete",
    "models_listed",
    "pull_cancel",
    "pull_start",
    "pulls_work",
    "server",
    "server_look",
]


def jobs_tend() -> None:
    """Let this process ask the models of comparisons and pull models from now on, once a second. Returns at once."""
    comparing.pump.tend()
    servers.pump.tend()
