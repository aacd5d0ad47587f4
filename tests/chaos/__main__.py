"""`make chaos`: every row of the reliability table in full, each in a world of its own.

Prints the table with what was measured, writes it to `docs/reliability.md`, and ends with 1 when a promise was broken.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import signal
import sys
import tempfile
import time
import traceback
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from tests.chaos.scenario import Outcome, Scenario
from tests.chaos.scenarios import ALL
from tests.chaos.world import World

ROOT = Path(__file__).resolve().parent.parent.parent
PAGE = ROOT / "docs" / "reliability.md"
BEGIN, END = "<!-- measured:begin -->", "<!-- measured:end -->"


@dataclass(frozen=True)
class Row:
    """One line of the table."""

    scenario: Scenario
    outcome: Outcome
    seconds: float

    def as_markdown(self) -> str:
        """The line."""
        figures = " · ".join(f"{name} {value}" for name, value in self.outcome.figures.items())
        verdict = "**broken**: " + "; ".join(self.outcome.breaches[:3]) if self.outcome.breaches else "kept"
        cells = (self.scenario.row, self.scenario.fault, self.scenario.must, figures, f"{self.seconds:.0f}", verdict)
        return "| " + " | ".join(cell.replace("|", "\\|").replace("\n", " ") for cell in cells) + " |"


def play(scenario: Scenario, *, is_small: bool) -> Row:
    """One scenario in a new world."""
    began = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="agentflow-chaos-") as folder:
        try:
            with World(Path(folder), workers=scenario.workers) as world:
                began = time.monotonic()
                outcome = scenario.run(world, scenario.small if is_small else scenario.full)
        except Exception as error:
            traceback.print_exc()
            outcome = Outcome(breaches=[f"could not be played: {type(error).__name__}: {str(error)[-300:]}"])
    row = Row(scenario, outcome, time.monotonic() - began)
    line = {"row": scenario.row, "seconds": round(row.seconds, 1), **outcome.figures, "breaches": outcome.breaches}
    print(json.dumps(line, ensure_ascii=False, default=str), flush=True)
    return row


def table(rows: list[Row]) -> str:
    """The rows as Markdown."""
    now = datetime.now(UTC)
    head = (
        f"Measured {now:%Y-%m-%d}, {os.cpu_count()} cores, {platform.machine()}, Python {platform.python_version()}; "
        "all services, the faults and the judge share the cores."
    )
    lines = [head, "", "| # | fault | must show | measured | s | verdict |", "|---|---|---|---|--:|---|"]
    return "\n".join([*lines, *(row.as_markdown() for row in rows)])


def write(found: str) -> None:
    """Put the table between the markers of the page."""
    page = PAGE.read_text()
    before, rest = page.split(BEGIN)
    _, after = rest.split(END)
    PAGE.write_text(f"{before}{BEGIN}\n{found}\n{END}{after}")


def main() -> int:
    """Play what is asked for."""
    options = argparse.ArgumentParser(prog="make chaos")
    options.add_argument("--only", default=os.environ.get("ONLY", ""), help="rows, as in R3 or R3,R4")
    options.add_argument("--small", action="store_true", help="the sizes of `make test`")
    given = options.parse_args()
    wanted = {name.strip().upper() for name in given.only.split(",") if name.strip()}
    unknown = wanted - {each.row for each in ALL}
    if unknown:
        options.error(f"there is no row {', '.join(sorted(unknown))}: {', '.join(each.row for each in ALL)}")
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that no server is left behind
    rows = [play(each, is_small=given.small) for each in ALL if not wanted or each.row in wanted]
    print(table(rows))
    if not wanted and not given.small:
        write(table(rows))
    return 1 if any(row.outcome.breaches for row in rows) else 0


if __name__ == "__main__":
    sys.exit(main())
