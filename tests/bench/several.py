"""The same code as several processes: two web servers and two workers by queue, an external PostgreSQL, any broker.

Nothing supervises here: the processes are started by hand as docs/scaling.md says, and killed. Measures one web server
and one worker against two and two, in turn; then kills one of each under load, and looks into the database for what was
lost.
`CELERY_BROKER_URL` in the environment names another broker than the Valkey that is started.
"""

from __future__ import annotations

import asyncio
import itertools
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import aiohttp
import psycopg

from config.embedded.account import account_for
from config.embedded.postgres import Postgres
from config.embedded.valkey import Valkey
from tests.bench.product import ROOT, Product, install
from tests.bench.workloads import Workload, w1
from tests.chaos.world import free_port

WORKER = "celery --quiet -A config worker --pool threads --concurrency 8 --without-gossip --without-mingle"
WORKER += " --without-heartbeat"
LEASE_SECONDS = "5"


class External(Postgres):
    """PostgreSQL as one meets it elsewhere: by TCP."""

    port = 0

    def command(self) -> list[str]:
        return [*super().command(), "-c", "listen_addresses=127.0.0.1", "-c", f"port={self.port}"]

    def url(self, role: str, database: str = "agentflow") -> str:
        return f"postgresql://{role}@127.0.0.1:{self.port}/{database}"

    @property
    def socket(self) -> Path:
        return self.sockets / f".s.PGSQL.{self.port}"

    def is_answering(self) -> bool:
        try:
            psycopg.connect(self.url("postgres", "postgres"), connect_timeout=2).close()
        except psycopg.OperationalError:
            return False
        return True


class Site:
    """A database, a broker, and the processes that were started on them."""

    def __init__(self, folder: Path, environment: dict[str, str], database: str) -> None:
        self.folder, self.environment, self.database = folder, environment, database
        self.webs: list[tuple[Product, subprocess.Popen[bytes]]] = []
        self.workers: list[subprocess.Popen[bytes]] = []

    def manage(self, *arguments: str) -> str:
        """One command of `manage.py`; what it prints."""
        command = [sys.executable, str(ROOT / "manage.py"), *arguments]
        done = subprocess.run(command, env=self.environment, cwd=ROOT, capture_output=True, text=True, check=False)
        if done.returncode:
            raise RuntimeError(f"{' '.join(arguments)}: {done.stderr[-2000:]}")
        return done.stdout.strip()

    def start(self, *arguments: str) -> subprocess.Popen[bytes]:
        """One process."""
        with (self.folder / "processes.log").open("ab") as log:
            return subprocess.Popen(
                [sys.executable, "-m", *arguments], env=self.environment, cwd=ROOT, stdout=log, stderr=log
            )

    def web(self) -> None:
        """One more web server."""
        port = free_port()
        made = Product(port, self.environment)
        self.webs.append(
            (made, self.start("daphne", "-v", "0", "-b", "127.0.0.1", "-p", str(port), "config.asgi:application"))
        )

    def worker(self, queues: str) -> None:
        """One more worker."""
        self.workers.append(self.start(*WORKER.split(), "-Q", queues))

    def until_up(self) -> None:
        """Until every web server answers and every worker lives."""
        for _ in range(240):
            if all(_alive(web) == len(self.workers) for web, _ in self.webs):
                return
            time.sleep(0.5)
        raise RuntimeError((self.folder / "processes.log").read_text()[-4000:])

    def end(self, process: subprocess.Popen[bytes]) -> None:
        """Stop one in order."""
        process.terminate()
        try:
            process.wait(timeout=30)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()

    def ask(self, query: str, *given: Any) -> list[tuple[Any, ...]]:
        """The database, seen past the wall."""
        with psycopg.connect(self.database, autocommit=True) as link:
            return link.execute(query.encode(), given).fetchall()


def _alive(web: Product) -> int:
    """How many workers a web server knows; 0 until it answers."""
    try:
        with urllib.request.urlopen(f"{web.base}/api/v1/public/health", timeout=3) as response:
            word = str(json.load(response)["workers"]["detail"]).split()[0]
    except OSError:
        return 0
    return int(word) if word.isdigit() else 0


@contextmanager
def site() -> Iterator[Site]:
    """An empty installation without any process of ours."""
    with tempfile.TemporaryDirectory(prefix="agentflow-several-") as var, ExitStack() as ends:
        folder = Path(var)
        folder.chmod(0o755)
        account = account_for(folder)
        database, valkey = External(folder, account), Valkey(folder, account)
        database.port = free_port()
        for server in (database, valkey):
            server.attach()
            ends.callback(server.release)
        environment = {
            **os.environ,
            "DJANGO_SETTINGS_MODULE": "config.settings.local",
            "AGENTFLOW_VAR": var,
            "AGENTFLOW_DEMO": "0",
            "DATABASE_URL": database.url("agentflow_app"),
            "DATABASE_OWNER_URL": database.url("agentflow_owner"),
            "REDIS_URL": valkey.redis_url,
            "CELERY_BROKER_URL": os.environ.get("CELERY_BROKER_URL") or valkey.celery_url,
            "ENGINE_LEASE_SECONDS": LEASE_SECONDS,
        }
        found = Site(folder, environment, database.url("postgres"))
        found.manage("migrate", "--database", "owner", "--verbosity", "0")
        try:
            yield found
        finally:
            for process in (*(process for _, process in found.webs), *found.workers):
                if process.poll() is None:
                    found.end(process)
            if "AGENTFLOW_KEEP_LOG" in os.environ:
                shutil.copy(folder / "processes.log", os.environ["AGENTFLOW_KEEP_LOG"])


def main(requests: int = 2000) -> str:
    """Measure, kill, count; the outcome in words."""
    with site() as here:
        here.manage("workspace_create", "--name", "Demo", "--slug", "demo", "--owner", "ops@example.com")
        key = here.manage("api_key_create", "--workspace", "demo", "--name", "bench")
        here.web()
        here.worker("ai,bulk")
        here.until_up()
        first = here.webs[0][0]
        first.key = key
        install(first, w1())
        queues = _waits_for_its_queue(here, first)
        rates: dict[int, list[float]] = {1: [], 2: []}
        for _ in range(2):
            rates[1].append(_rate(here, requests))
            here.web()
            here.worker("default,ai,bulk")
            here.until_up()
            rates[2].append(_rate(here, requests))
            for process in (here.webs.pop()[1], here.workers.pop()):
                here.end(process)
            _forget(here)
        here.web()
        here.worker("default,ai,bulk")
        here.until_up()
        killed = asyncio.run(_killing(here, max(requests, 2_000)))
        broker = urlsplit(here.environment["CELERY_BROKER_URL"]).scheme.partition("+")[0]
        one, two = (statistics.mean(rates[number]) for number in (1, 2))
        words = (
            f"Broker {broker}, PostgreSQL by TCP, load average {os.getloadavg()[1]:.0f}. One web server and one worker:"
            f" {one:.0f} executions/s; two and two: {two:.0f} (runs: {rates}). {queues} {killed}"
        )
    print(words, flush=True)
    return words


def _rate(here: Site, requests: int) -> float:
    asyncio.run(_send(here, range(200), 50))
    began = time.perf_counter()
    answers = asyncio.run(_send(here, range(requests), 50))
    wrong = requests - sum(status == 200 for status in answers.values())
    if wrong:
        raise RuntimeError(f"{wrong} wrong answers: {Counter(answers.values())}")
    return round(requests / (time.perf_counter() - began), 1)


async def _send(here: Site, ids: Iterator[int] | range, concurrency: int) -> dict[int, int]:
    """Each id once, to the web servers in turn; the status of each answer, 0 where there was none."""
    turns = itertools.cycle(here.webs)
    targets = (web.base for web, process in turns if process.poll() is None)
    left, answers = iter(ids), dict[int, int]()
    limit = aiohttp.ClientTimeout(total=60)
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=concurrency), timeout=limit) as session:

        async def sender() -> None:
            for number in left:
                try:
                    async with session.post(f"{next(targets)}/webhooks/demo/w1", json={"x": number}) as response:
                        await response.read()
                        answers[number] = response.status
                except (aiohttp.ClientError, TimeoutError):
                    answers[number] = 0

        await asyncio.gather(*(sender() for _ in range(concurrency)))
    return answers


async def _killing(here: Site, requests: int) -> str:
    """Kill one web server and one worker while traffic flows to both, and look at what became of everything."""
    first = 1_000_000
    sending = asyncio.create_task(_send(here, range(first, first + requests), 20))
    await asyncio.sleep(1.5)
    here.workers[0].kill()
    await asyncio.sleep(1.5)
    here.webs[1][1].kill()
    answers = await sending
    until = time.monotonic() + 60
    open_ones = "SELECT count(*) FROM executions_execution WHERE finished_at IS NULL"
    while here.ask(open_ones)[0][0] and time.monotonic() < until:
        await asyncio.sleep(0.5)
    rows = here.ask(
        """SELECT (input->'body'->>'x')::int, count(*), bool_and(status = 'SUCCESS' AND (response->'body'->>'y')::int
                  = 2 * (input->'body'->>'x')::int)
           FROM executions_execution WHERE (input->'body'->>'x')::int >= %s GROUP BY 1""",
        first,
    )
    found = {number: (count, is_well) for number, count, is_well in rows}
    accepted = [number for number, status in answers.items() if status == 200]
    lost = sum(number not in found for number in accepted)
    wrong = sum(count != 1 or not is_well for count, is_well in found.values())
    return (
        f"One worker and one web server killed under load: {requests} calls, {len(accepted)} answered, "
        f"{requests - len(accepted)} broken off with the web server ({sum(n in found for n in answers) - len(accepted)}"
        f" of them carried out), {lost} lost, {wrong} doubled or wrong, {here.ask(open_ones)[0][0]} unfinished."
    )


# ── Queues ───────────────────────────────────────────────────────────────────────────────────────────────────────────


def _waits_for_its_queue(here: Site, web: Product) -> str:
    """Start something while no worker serves its queue; it waits until one does."""
    usual = w1()
    text = json.dumps(usual.definition).replace('"w1"', '"later"').replace('"result"', '"immediately"')
    install(web, Workload("later", "later", json.loads(text), usual.body, usual.is_right, {}))
    request = urllib.request.Request(
        f"{web.base}/webhooks/demo/later", data=b'{"x": 1}', headers={"Content-Type": "application/json"}
    )
    urllib.request.urlopen(request, timeout=30).read()
    time.sleep(2)
    status = "SELECT status FROM executions_execution"
    if here.ask(status) != [("NEW",)]:
        raise RuntimeError("A worker of other queues took it.")
    here.worker("default")
    until = time.monotonic() + 60
    while here.ask(status) != [("SUCCESS",)]:
        if time.monotonic() > until:
            raise RuntimeError("Nobody took it.")
        time.sleep(0.2)
    here.end(here.workers.pop(0))
    _forget(here)
    return (
        "An execution of the queue default waited while only ai and bulk were served, and ran when a worker served it."
    )


def _forget(here: Site) -> None:
    """Until a stopped worker is no longer taken for alive."""
    until = time.monotonic() + 20
    while _alive(here.webs[0][0]) != len(here.workers) and time.monotonic() < until:
        time.sleep(0.2)
