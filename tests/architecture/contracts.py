"""Import contracts that import-linter does not bring."""

from __future__ import annotations

from fnmatch import fnmatchcase
from typing import Any, ClassVar

import grimp
from importlinter import Contract, ContractCheck, fields, output


def _links(graph: grimp.ImportGraph, importer: str, imported: str) -> str:
    lines = ", ".join(
        str(detail["line_number"]) for detail in graph.get_import_details(importer=importer, imported=imported)
    )
    return f"{importer} imports {imported} (line {lines})"


class _LinkContract(Contract):
    """A contract broken by single imports, reported one per line."""

    def offenders(self, graph: grimp.ImportGraph) -> list[tuple[str, str]]:
        raise NotImplementedError

    def check(self, graph: grimp.ImportGraph, verbose: bool) -> ContractCheck:
        found = sorted(_links(graph, *pair) for pair in self.offenders(graph))
        return ContractCheck(kept=not found, metadata={"found": found})

    def render_broken_contract(self, check: ContractCheck) -> None:
        for line in check.metadata["found"]:
            output.print_error(f"- {line}", bold=False)


class DoorsContract(_LinkContract):
    """From another app only its doors may be imported: its `doors`, and the modules called `public`.

    `public` entries are `<app>.<module>` and take wildcards. The app `config` mounts everything and
    is no app; apps in `open_apps` may be entered anywhere.
    """

    type_name: ClassVar[str] = "doors"

    open_apps: Any = fields.ListField(subfield=fields.StringField())
    doors: Any = fields.ListField(subfield=fields.StringField())
    public: Any = fields.ListField(subfield=fields.StringField())

    def offenders(self, graph: grimp.ImportGraph) -> list[tuple[str, str]]:
        return [
            (importer, imported)
            for importer in graph.modules
            if importer.startswith("apps.")
            for imported in graph.find_modules_directly_imported_by(importer)
            if imported.startswith("apps.") and not self._is_allowed(importer.split("."), imported.split("."))
        ]

    def _is_allowed(self, importer: list[str], imported: list[str]) -> bool:
        if importer[1] == imported[1] or imported[1] in self.open_apps or len(imported) < 3:
            return True
        if imported[2] in self.doors:
            return True
        return any(
            fnmatchcase(".".join(imported[1:]), pattern) or fnmatchcase(".".join(imported[1:]), f"{pattern}.*")
            for pattern in self.public
        )


class SoleImporterContract(_LinkContract):
    """Within the package `within`, only `importer` and what lies below it may import `modules`."""

    type_name: ClassVar[str] = "sole_importer"

    modules: Any = fields.ListField(subfield=fields.StringField())
    importer: Any = fields.StringField()
    within: Any = fields.StringField()

    def offenders(self, graph: grimp.ImportGraph) -> list[tuple[str, str]]:
        return [
            (importer, module)
            for module in self.modules
            if module in graph.modules
            for importer in graph.find_modules_that_directly_import(module)
            if f"{importer}.".startswith(f"{self.within}.") and not f"{importer}.".startswith(f"{self.importer}.")
        ]
