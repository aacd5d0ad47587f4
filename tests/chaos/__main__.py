"""`make chaos`: every row of the reliability table in full, each in a world of its own; `make chaos ONLY=R3,R4` some.

Prints the table with what was measured, and ends with 1 when a promise was broken. The last full run of each row is
kept in `var/chaos/`, from which the table of `docs/reliability.md` is written.
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
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from tests.chaos.scenario import Outcome, Scenario
from tests.chaos.scenarios import ALL
from tests.chaos.world import World

ROOT = Path(__file__).resolve().parent.parent.parent
PAGE = ROOT / "docs" / "reliability.md"
KEPT = ROOT / "var" / "chaos"
BEGIN, END = "<!-- measured:begin -->", "<!-- measured:end -->"


@dataclass(frozen=True)
class Row:
    """One line of the table. `load`: how many processes wanted the machine when it began."""

    row: str
    at: str
    seconds: float
    load: float
    figures: dict[str, Any]
    breaches: list[str]

    def as_markdown(self) -> str:
        """The line."""
        scenario = next(each for each in ALL if each.row == self.row)
        figures = " · ".join(f"{name} {value}" for name, value in self.figures.items())
        verdict = "**broken**: " + "; ".join(self.breaches[:3]) if self.breaches else "kept"
        cells = (self.row, scenario.fault, scenario.must, figures, f"{self.seconds:.0f}", f"{self.load:.1f}", verdict)
        return "| " + " | ".join(cell.replace("|", "\\|").replace("\n", " ") for cell in cells) + " |"


def play(scenario: Scenario, *, is_small: bool) -> Row:
    """One scenario in a new world."""
    at, began, load = datetime.now(UTC), time.monotonic(), os.getloadavg()[0]
    with tempfile.TemporaryDirectory(prefix="agentflow-chaos-") as folder:
        try:
            with World(Path(folder), workers=scenario.workers) as world:
                began = time.monotonic()
                outcome = scenario.run(world, scenario.small if is_small and scenario.small else scenario.full)
        except Exception as error:
            traceback.print_exc()
            outcome = Outcome(breaches=[f"could not be played: {type(error).__name__}: {str(error)[-300:]}"])
    row = Row(
        row=scenario.row,
        at=at.isoformat(timespec="seconds"),
        seconds=round(time.monotonic() - began, 1),
        load=round(load, 1),
        figures=json.loads(json.dumps(outcome.figures, default=str)),
        breaches=outcome.breaches,
    )
    print(json.dumps(asdict(row), ensure_ascii=False), flush=True)
    if not is_small:
        KEPT.mkdir(parents=True, exist_ok=True)
        (KEPT / f"{scenario.row}.json").write_text(json.dumps(asdict(row), ensure_ascii=False))
    return row


def kept() -> list[Row]:
    """The last full run of each row that was ever played here."""
    paths = [KEPT / f"{each.row}.json" for each in ALL]
    return [Row(**json.loads(path.read_text())) for path in paths if path.exists()]


def table(rows: list[Row]) -> str:
    """The rows as Markdown."""
    days = sorted({row.at[:10] for row in rows})
    when = days[0] if len(days) == 1 else f"{days[0]} to {days[-1]}"
    head = (
        f"Measured {when}, {os.cpu_count()} cores, {platform.machine()}, Python {platform.python_version()}; all "
        "services, the faults and the judge share the cores. *load*: how many other processes wanted them at the start."
    )
    lines = [head, "", "| # | fault | must show | measured | s | load | verdict |", "|---|---|---|---|--:|--:|---|"]
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
    if not given.small:
        write(table(kept()))
    return 1 if any(row.breaches for row in rows) else 0


if __name__ == "__main__":
    sys.exit(main())
