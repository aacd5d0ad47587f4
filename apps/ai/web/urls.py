"""Pages below a workspace: `/w/<slug>/…`."""

from __future__ import annotations

from django.urls import path

from apps.ai.web import choosing, comparing, memories, servers

_MEMORIES = "settings/memories/"
_MEMORY = f"{_MEMORIES}<uuid:memory>/"
_MODELS = "settings/models/"
_SERVER = f"{_MODELS}ollama/<uuid:server>/"
_COMPARISON = f"{_MODELS}compare/<uuid:comparison>/"

urlpatterns = [
    path(_MEMORIES, memories.MemoryList.as_view(), name="memories"),
    path(f"{_MEMORIES}clear/", memories.MemoriesClear.as_view(), name="memories-clear"),
    path(_MEMORY, memories.MemoryPage.as_view(), name="memory"),
    path(f"{_MEMORY}entries/<uuid:entry>/delete/", memories.EntryDelete.as_view(), name="memory-entry-delete"),
    path(_MODELS, choosing.Models.as_view(), name="models"),
    path(f"{_MODELS}chain/", choosing.ChainChange.as_view(), name="models-chain"),
    path(f"{_MODELS}embedding/", choosing.EmbeddingChange.as_view(), name="models-embedding"),
    path(f"{_MODELS}default/", choosing.DefaultChange.as_view(), name="models-default"),
    path(f"{_MODELS}suggestions/", choosing.Suggestions.as_view(), name="models-suggestions"),
    path(f"{_MODELS}<uuid:credential>/test/", choosing.ProviderTest.as_view(), name="models-test"),
    path(f"{_MODELS}ollama/", servers.Servers.as_view(), name="ollama"),
    path(_SERVER, servers.ServerPage.as_view(), name="ollama-server"),
    path(f"{_SERVER}pull/", servers.PullStart.as_view(), name="ollama-pull"),
    path(f"{_SERVER}pulls/<uuid:pull>/cancel/", servers.PullCancel.as_view(), name="ollama-pull-cancel"),
    path(f"{_SERVER}delete/", servers.ModelDelete.as_view(), name="ollama-delete"),
    path(f"{_MODELS}compare/", comparing.Compare.as_view(), name="compare-models"),
    path(_COMPARISON, comparing.ComparisonPage.as_view(), name="comparison"),
    path(f"{_COMPARISON}cancel/", comparing.ComparisonCancel.as_view(), name="comparison-cancel"),
]
