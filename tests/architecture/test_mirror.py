"""`tests/` mirrors `apps/`: a newcomer finds the tests of a folder, and the folder of a test, by its path."""

from __future__ import annotations

from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent.parent
APPS, TESTS = ROOT / "apps", ROOT / "tests"
BESIDE = {"architecture", "bench", "chaos", "config", "e2e", "fakes"}
"""What stands beside the mirror: tests of the whole, of the composition root, and what tests are made of."""
LAYERS = ("api", "web")
NAMELESS = {"common", "utils", "helpers", "misc"}


def _apps() -> list[str]:
    return sorted(path.parent.name for path in APPS.glob("*/apps.py"))


def test_every_folder_of_tests_mirrors_a_folder_of_apps() -> None:
    folders = {path.parent.relative_to(TESTS) for path in TESTS.glob("*/**/test_*.py")}
    stray = [str(folder) for folder in folders if folder.parts[0] not in BESIDE and not (APPS / folder).is_dir()]
    assert not stray, f"there is nothing in apps/ for tests/{stray}"


@pytest.mark.parametrize("app", _apps())
def test_every_app_and_each_of_its_layers_is_tested(app: str) -> None:
    assert list((TESTS / app).glob("**/test_*.py")), f"nothing in tests/{app} proves apps/{app}"
    for layer in LAYERS:
        if list((APPS / app / layer).glob("views.py")):
            assert list((TESTS / app / layer).glob("**/test_*.py")), f"nothing proves apps/{app}/{layer}"


@pytest.mark.parametrize("app", _apps())
def test_every_app_is_made_of_the_same_files(app: str) -> None:
    for path in (APPS / app).rglob("*.py"):
        assert path.stem not in NAMELESS, f"{path.relative_to(ROOT)} is named after nothing"
    assert not (APPS / app / "views.py").exists(), f"{app}: pages live in web/, the API in api/"
