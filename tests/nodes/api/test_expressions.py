"""What an editor of expressions completes from."""

from __future__ import annotations

from collections.abc import Callable

from rest_framework.test import APIClient

from apps.accounts.models import User
from apps.nodes.api.expressions import ROOTS
from apps.nodes.expressions import FUNCTIONS, grammar

URL = "/api/v1/app/expression-language/"


def test_every_root_and_function_is_told(api: Callable[..., APIClient], bob: User) -> None:
    told = api(bob).get(URL).json()
    assert [root["name"] for root in told["roots"]] == list(ROOTS) == [f"${root}" for root in grammar.ROOTS]
    functions = {entry["name"]: entry for entry in told["functions"]}
    assert len(functions) == len(FUNCTIONS)
    assert functions["upper"]["methods"] == ["upper", "toUpperCase"]
    assert functions["includes"]["takes"] == ["list", "text"]
    assert (functions["range"]["methods"], functions["range"]["globals"]) == ([], ["range"])
    assert api(bob).get(URL, {"q": "a"}).status_code == 400
