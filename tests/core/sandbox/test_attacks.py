"""Code that wants out, in every tier of this machine: none of it gets anywhere, and the host is as it was."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from apps.core.sandbox import jail
from apps.core.sandbox.jail import Tier
from apps.core.sandbox.job import CodeFailed, Job, Language, Limits
from apps.core.sandbox.needs import INSIDE
from apps.core.sandbox.run import run_in
from tests.core.sandbox import javascript_probes as javascript
from tests.core.sandbox.conftest import CANARY, ROOT, Host
from tests.core.sandbox.loud import LOUD
from tests.core.sandbox.python_probes import HARNESS, PYTHON, SURE

SECONDS, PLENTY = 0.5, 20.0


def attacked(tier: Tier, host: Host, language: Language, harness: str, probes: dict[str, str], **more: Any) -> Any:
    """What came of attacks that can share a process: those that were not refused."""
    values = {"host": host.known, "probes": list(probes.items()), **more}
    answer = run_in(tier, Job(language, harness, values, limits=Limits(30, 256)))
    assert CANARY not in json.dumps(answer.results) + "".join(answer.lines)
    return answer.results[0]


def test_python_gets_nowhere(tier: Tier, host: Host) -> None:
    assert len(PYTHON) >= 60
    assert attacked(tier, host, "python", HARNESS, PYTHON) == {}
    assert host.harm() == []


def test_without_a_sandbox_the_same_attacks_work(host: Host) -> None:
    probes = [(name, body.replace("'/tmp/new'", "'/dev/null'")) for name, body in PYTHON.items() if name in SURE]
    given = json.dumps({"source": HARNESS, "values": {"host": host.known, "probes": probes}, "rounds": [{}]})
    start = f"import sys; sys.path.insert(0, {str(INSIDE)!r}); import python; python.main(1)"
    done = subprocess.run([sys.executable, "-I", "-S", "-c", start], input=given, capture_output=True, text=True)
    (through,) = json.loads(done.stdout.splitlines()[-1])["results"]
    assert {name for name, how in through.items() if how.startswith("got through")} == set(SURE), through


@pytest.mark.skipif(not jail.deno_program(), reason="Deno is not installed")
def test_javascript_gets_nowhere(tier: Tier, host: Host) -> None:
    probes = javascript.JAVASCRIPT
    assert len(probes) >= 60
    assert attacked(tier, host, "javascript", javascript.HARNESS, probes, refusals=javascript.REFUSALS) == {}
    assert host.harm() == []


@pytest.mark.skipif(not jail.deno_program(), reason="Deno is not installed")
def test_javascript_with_every_permission_gets_nowhere(tier: Tier, host: Host, monkeypatch: pytest.MonkeyPatch) -> None:
    own = jail._program

    def unleashed(language: Language, limits: Limits) -> dict[str, Any]:
        plan = own(language, limits)
        plan["program"][2:2] = ["--allow-all"]
        return plan

    monkeypatch.setattr(jail, "_program", unleashed)
    probes, refusals = javascript.UNLEASHED, javascript.SYSTEM_REFUSALS
    assert attacked(tier, host, "javascript", javascript.HARNESS, probes, refusals=refusals) == {}
    assert host.harm() == []


def test_what_ends_or_uses_up_its_process_ends_in_time(tier: Tier, host: Host) -> None:
    attacks = {name: each for name, each in LOUD.items() if each[0] == "python" or jail.deno_program()}
    assert len(attacks) >= 40 or not jail.deno_program()

    def end(attack: tuple[Language, str, set[str]]) -> tuple[str, float]:
        language, source, expected = attack
        limits = Limits(SECONDS if "timeout" in expected else PLENTY, 64)
        began = time.monotonic()
        try:
            found = run_in(tier, Job(language, source, {}, limits=limits))
        except CodeFailed as failed:
            said = failed.kind if failed.message and failed.hint else "said nothing"
            return said, time.monotonic() - began
        return f"answered {found.results!r:.80}", time.monotonic() - began

    with ThreadPoolExecutor(4) as several:
        ends = dict(zip(attacks, several.map(end, attacks.values()), strict=True))
    assert {name: how for name, (how, _) in ends.items() if how not in attacks[name][2]} == {}
    assert max(took for how, took in ends.values() if how == "timeout") < SECONDS + 1.0
    assert children_of(os.getpid()) == []
    assert host.harm() == []


def test_code_does_not_outlive_who_started_it(tier: Tier) -> None:
    start = (
        "from apps.core.sandbox.run import run_in\nfrom apps.core.sandbox.job import Job, Limits\n"
        f"run_in({tier!r}, Job('python', 'print(1)\\nwhile True: pass', {{}}, limits=Limits(60)))"
    )
    with subprocess.Popen([sys.executable, "-c", start], cwd=ROOT) as worker:
        until = time.monotonic() + 20
        while not (seen := children_of(worker.pid)) and time.monotonic() < until:
            time.sleep(0.05)
        worker.kill()
    while any(Path(f"/proc/{pid}").exists() for pid in seen) and time.monotonic() < until:
        time.sleep(0.05)
    assert seen
    assert not [pid for pid in seen if Path(f"/proc/{pid}").exists()]


def children_of(pid: int) -> list[int]:
    """All processes below one that run the sandbox."""
    found: list[int] = []
    for children in Path(f"/proc/{pid}/task").glob("*/children"):
        try:
            for child in map(int, children.read_text().split()):
                is_ours = str(INSIDE / "confine.py").encode() in Path(f"/proc/{child}/cmdline").read_bytes()
                found += [child] * is_ours + children_of(child)
        except OSError:
            continue  # it ended while it was looked at
    return found
