"""The page of settings names what the settings read, and nothing else."""

from __future__ import annotations

import re

from config.embedded.services import REPOSITORY


def test_every_variable_is_explained_and_none_is_made_up() -> None:
    source = "".join(path.read_text() for path in (REPOSITORY / "config" / "settings").glob("*.py"))
    read = set(re.findall(r'env\.(?:text|flag|number|listing)\(\s*"([A-Z_]+)"', source)) | {
        f"{provider}_CLIENT_{part}" for provider in ("GOOGLE", "GITHUB", "MICROSOFT") for part in ("ID", "SECRET")
    }
    read |= {"AGENTFLOW_BIND", "AGENTFLOW_PORT"}  # read by the supervisor
    page = (REPOSITORY / "docs" / "reference" / "settings.md").read_text()
    named = set(re.findall(r"^\| (.+?) \|", page, flags=re.MULTILINE))
    explained = {name for cell in named for name in re.findall(r"`([A-Z_]+)`", cell)}
    explained |= {name.replace("GOOGLE", other) for name in explained for other in ("GITHUB", "MICROSOFT")}
    assert read - explained == set()
    assert explained - read == set()
