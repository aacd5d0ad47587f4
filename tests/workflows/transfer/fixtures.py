"""The workflows of other products that tests import, each in its own form."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).resolve().parents[1] / "fixtures"
NAMES = tuple(sorted(path.stem for path in FOLDER.glob("*.json")))


def fixture(name: str) -> Any:
    """One of them."""
    return json.loads((FOLDER / f"{name}.json").read_text())
