"""Texts as vectors, with every provider that has them."""

from __future__ import annotations

from decimal import Decimal
from typing import cast

import pytest

from apps.ai.models import Call, ModelChoices
from apps.core.tenancy import tenant
from apps.nodes.contract import NodeError, Provider
from tests.ai.gateway.conftest import Asking
from tests.fakes.scripted import Fail, vector

pytestmark = [pytest.mark.django_db, pytest.mark.xdist_group("litellm")]
MODELS = {
    "openai": "text-embedding-3-small",
    "gemini": "gemini-embedding-001",
    "ollama": "nomic-embed-text",
    "together": "BAAI/bge-base-en-v1.5",
    "custom": "house-vectors",
}


@pytest.mark.parametrize("provider", MODELS)
def test_each_text_gets_its_vector(asking: Asking, provider: str) -> None:
    fake, ref = asking.connect(cast("Provider", provider))
    ref = ref.model_copy(update={"model": MODELS[provider]})
    texts = [f"text number {at}" for at in range(150)]
    fake.says(Fail.broken(503))
    found = asking.gateway.embed(texts, model=ref, step="one")
    assert len(found.vectors) == 150
    assert found.vectors[149] == pytest.approx(vector("text number 149"))
    assert [len(each.texts) for each in fake.asked] == [100, 100, 50]
    assert found.usage.input > 0
    assert found.cost is None if provider == "custom" else found.cost is not None
    with tenant(asking.workspace_id):
        assert [(row.purpose, row.outcome) for row in Call.objects.order_by("id")] == [
            ("embedding", "ai.overloaded"),
            ("embedding", "answered"),
            ("embedding", "answered"),
        ]


def test_who_has_none_says_so(asking: Asking) -> None:
    _, ref = asking.connect("anthropic")
    with pytest.raises(NodeError, match="has no embeddings"):
        asking.gateway.embed(["a"], model=ref)


def test_the_workspaces_model_is_used(asking: Asking) -> None:
    fake, ref = asking.connect("openai")
    chosen = ref.model_copy(update={"model": "text-embedding-3-small"}).model_dump(mode="json")
    with tenant(asking.workspace_id):
        ModelChoices.objects.create(workspace_id=asking.workspace_id, embedding=chosen)
    found = asking.gateway.embed(["a b c d"])
    assert (found.model, found.usage.input, found.cost) == ("text-embedding-3-small", 4, Decimal("0.00000008"))
    assert len(fake.asked) == 1
    assert asking.gateway.embed([], model=ref).vectors == ()
