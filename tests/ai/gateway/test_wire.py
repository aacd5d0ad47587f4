"""Importing is for workers: a web process never pays for LiteLLM."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]
HEAVY = ("litellm", "openai", "langgraph", "mcp", "tiktoken")


def test_the_web_never_imports_the_heavy_libraries() -> None:
    script = (
        "import sys, config.asgi\n"
        "from django.urls import get_resolver\n"
        "from apps.nodes import registry\n"
        "from apps.ai.gateway import catalogue, count_tokens\n"
        "len(get_resolver().url_patterns), len(catalogue.models())\n"
        f"print([name for name in {HEAVY!r} if name in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", script],
        cwd=ROOT,
        env=os.environ | {"DJANGO_SETTINGS_MODULE": "config.settings.test"},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.strip().endswith("[]"), done.stdout
