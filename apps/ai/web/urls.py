"""Pages below a workspace: `/w/<slug>/…`."""

from __future__ import annotations

from django.urls import path

from apps.ai.web import memories

_MEMORIES = "settings/memories/"
_MEMORY = f"{_MEMORIES}<uuid:memory>/"

urlpatterns = [
    path(_MEMORIES, memories.MemoryList.as_view(), name="memories"),
    path(f"{_MEMORIES}clear/", memories.MemoriesClear.as_view(), name="memories-clear"),
    path(_MEMORY, memories.MemoryPage.as_view(), name="memory"),
    path(f"{_MEMORY}entries/<uuid:entry>/delete/", memories.EntryDelete.as_view(), name="memory-entry-delete"),
]
