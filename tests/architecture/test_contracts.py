from __future__ import annotations

import grimp
import pytest

from tests.architecture.contracts import DoorsContract, SoleImporterContract

DOORS = {
    "open_apps": ["core"],
    "doors": ["services", "selectors", "models"],
    "public": ["nodes.contract", "integrations.vendors.*.client"],
}
EGRESS = {"modules": ["httpx2"], "importer": "apps.core.egress", "within": "apps"}


def found(contract: type[DoorsContract] | type[SoleImporterContract], importer: str, imported: str) -> list[str]:
    """What a contract says of a single import."""
    graph = grimp.ImportGraph()
    for module in (importer, imported):
        graph.add_module(module, is_squashed=not module.startswith("apps."))
    graph.add_import(importer=importer, imported=imported, line_number=7, line_contents="")
    rule = contract.__new__(contract)  # its constructor reads configuration, and stumbles over Twisted's interfaces
    vars(rule).update(DOORS if contract is DoorsContract else EGRESS)
    checked = rule.check(graph, verbose=False)
    lines: list[str] = checked.metadata["found"]
    assert checked.kept is not bool(lines)
    return lines


@pytest.mark.parametrize(
    "imported",
    [
        "apps.accounts.models",
        "apps.accounts.services.keys",
        "apps.core.tenancy",
        "apps.nodes.contract",
        "apps.hil.web.views",
        "apps.integrations.vendors.slack.client",
    ],
)
def test_doors_and_ones_own_rooms_are_open(imported: str) -> None:
    assert found(DoorsContract, "apps.hil.services", imported) == []


@pytest.mark.parametrize(
    "imported",
    ["apps.accounts.web.views", "apps.accounts.tasks", "apps.nodes.contracts", "apps.integrations.vendors.slack.oauth"],
)
def test_other_apps_rooms_are_closed(imported: str) -> None:
    assert found(DoorsContract, "apps.hil.services", imported) == [f"apps.hil.services imports {imported} (line 7)"]


def test_the_composition_root_mounts_anything() -> None:
    assert found(DoorsContract, "config.urls", "apps.accounts.web.views") == []


def test_only_the_egress_module_speaks_http() -> None:
    assert found(SoleImporterContract, "apps.core.egress.transport", "httpx2") == []
    assert found(SoleImporterContract, "tests.fakes.receiver", "httpx2") == []
    assert found(SoleImporterContract, "apps.core.egress_elsewhere", "httpx2") != []
    assert found(SoleImporterContract, "apps.nodes.builtin.http", "httpx2") != []
