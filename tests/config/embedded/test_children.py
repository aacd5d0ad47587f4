from __future__ import annotations

import asyncio
import itertools
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from config.embedded.children import Backoff, Child, Console, Environment

SLEEPER = [sys.executable, "-c", "import time; print('here', flush=True); time.sleep(60)"]


def test_the_first_restart_is_at_once_and_later_ones_wait_ever_longer() -> None:
    backoff = Backoff()
    assert [backoff.after(0.1) for _ in range(9)] == [0, 0.5, 1, 2, 4, 8, 16, 30, 30]
    assert backoff.after(31) == 0, "one that lived a while starts at once again"
    assert backoff.after(0.1) == 0.5


@pytest.mark.integration
def test_a_child_is_started_again_each_time_with_its_own_environment(capsys: pytest.CaptureFixture[str]) -> None:
    numbers = itertools.count(1)
    died: list[Environment] = []

    async def on_death(environment: Environment) -> None:
        died.append(environment)

    child = Child(
        "fake",
        ["sh", "-c", "echo start $NUMBER; exit 3"],
        Console(("up", "fake")),
        environment=lambda: {"NUMBER": str(next(numbers))},
        on_death=on_death,
    )

    async def story() -> None:
        kept = asyncio.create_task(child.keep())
        while len(died) < 3:
            await asyncio.sleep(0.01)
        await asyncio.sleep(0.1)  # within the pause of a second that follows
        await child.stop(1)
        await kept

    asyncio.run(story())
    lines = capsys.readouterr().out.splitlines()
    assert [line for line in lines if line.startswith("fake")] == ["fake | start 1", "fake | start 2", "fake | start 3"]
    assert [line for line in lines if line.startswith("up")] == [
        "up   | fake ended with exit code 3; starting it again now",
        "up   | fake ended with exit code 3; starting it again in 0.5 s",
        "up   | fake ended with exit code 3; starting it again in 1 s",
    ]
    assert died == [{"NUMBER": "1"}, {"NUMBER": "2"}, {"NUMBER": "3"}]


@pytest.mark.integration
def test_one_that_will_not_end_is_killed_with_all_it_started() -> None:
    # The child ignores SIGTERM, and so does a program it has started.
    lines: list[str] = []

    class Recorder(Console):
        def line(self, name: str, text: str) -> None:
            lines.append(text)

    child = Child("stubborn", ["sh", "-c", "trap '' TERM; sleep 60 & echo $!; wait"], Recorder(("stubborn",)))

    async def story() -> None:
        kept = asyncio.create_task(child.keep())
        while not lines:
            await asyncio.sleep(0.01)
        await child.stop(0.3)
        await kept

    asyncio.run(story())
    assert lines[1:] == ["stubborn did not end within 0.3 s; killing it"]
    assert has_ended(int(lines[0]))


@pytest.mark.integration
def test_children_die_with_a_supervisor_that_is_killed() -> None:
    program = (
        "import asyncio, sys\n"
        "from config.embedded.children import start\n"
        f"async def main():\n    process = await start({SLEEPER!r}, {{}})\n"
        "    await process.stdout.readline()\n    print(process.pid, flush=True)\n    await process.wait()\n"
        "asyncio.run(main())\n"
    )
    supervisor = subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, text=True)
    assert supervisor.stdout is not None
    with supervisor.stdout:
        child = int(supervisor.stdout.readline())
    os.kill(child, 0)
    supervisor.kill()
    supervisor.wait()
    assert has_ended(child)


def has_ended(pid: int) -> bool:
    """Whether a process that is no child of ours ends within five seconds. Waiting to be collected is an end."""
    for _ in range(100):
        status = Path(f"/proc/{pid}/stat")
        try:
            if status.read_text().rsplit(")", 1)[1].split()[0] == "Z":
                return True
        except FileNotFoundError:
            return True
        time.sleep(0.05)
    os.kill(pid, signal.SIGKILL)
    return False
