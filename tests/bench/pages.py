"""The budgets of the interface: what pages weigh, how many statements lists make, how smooth 500 nodes are.

Needs the built front end, Node and, for the frames, a Chromium.
"""

from __future__ import annotations

import http.cookiejar
import json
import os
import shutil
import subprocess
import sys
import tempfile
import urllib.request
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from tests.bench.product import ROOT, Product, install, product
from tests.bench.workloads import w1
from tests.chaos.world import free_port

STATIC = ROOT / "static"
MOST_QUERIES = 12
NODES, WORKFLOWS, RUNS, QUESTIONS = 500, 30, 60, 40
LISTS = (
    ("", "home"),
    ("workflows/", "workflows"),
    ("workflows/figures/", "workflows: sparklines and figures"),
    ("executions/", "executions"),
    ("logs/", "log of all executions"),
    ("inbox/", "inbox"),
    ("inbox/?tab=all", "inbox, everybody's"),
    ("inbox/bulk/", "inbox, several at once"),
    ("inbox/times/", "response times"),
    ("triggers/", "triggers"),
    ("integrations/", "integrations"),
    ("settings/members/", "members"),
    ("settings/keys/", "API keys"),
    ("settings/variables/", "variables"),
    ("settings/audit/", "audit log"),
    ("deliveries/", "deliveries"),
)


def main() -> str:
    """Measure; the tables as Markdown."""
    load = os.getloadavg()[0]
    with product(free_port(), "") as target:
        session = signed_in(target)
        workflows, editor = fill(target)
        sizes, queries = weighed(), counted(target, session, workflows)
        frames = smooth(target, session, editor)
    words = [
        f"Measured {datetime.now(UTC):%Y-%m-%d}, {os.cpu_count()} cores, software rendering; load average {load:.1f} "
        f"when it began and {os.getloadavg()[0]:.1f} when it ended.",
        sizes,
        queries,
        frames,
    ]
    text = "\n\n".join(words)
    print(text, flush=True)
    return text


def signed_in(target: Product) -> http.cookiejar.Cookie:
    """The session cookie of the demo workspace's owner, as a browser would have it."""
    printed = subprocess.run(
        [sys.executable, str(ROOT / "manage.py"), "sign_in_link", "--workspace", "demo"],
        env=target.environment,
        check=True,
        capture_output=True,
        text=True,
        cwd=ROOT,
    )
    address = next(word for word in printed.stdout.split() if word.startswith("http"))
    jar = http.cookiejar.CookieJar()
    browser = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(jar))
    page = browser.open(address, timeout=30).read().decode()
    token = page.partition('name="csrfmiddlewaretoken" value="')[2].partition('"')[0]
    sent = urllib.request.Request(address, data=f"csrfmiddlewaretoken={token}".encode(), headers={"Referer": address})
    browser.open(sent, timeout=30)
    return next(cookie for cookie in jar if "session" in cookie.name)


def fill(target: Product) -> tuple[list[str], str]:
    """Workflows, executions and questions for the lists. The workflows' ids, the path of the editor with many nodes."""
    install(target, w1())
    asking = {
        "nodes": [
            {"id": "hand", "name": "Start", "type": "TRIGGER", "subtype": "MANUAL", "params": {}},
            {
                "id": "ask",
                "name": "Ask",
                "type": "HUMAN_IN_THE_LOOP",
                "subtype": "CONFIRMATION",
                "params": {"title": "Ship the order?"},
            },
        ],
        "connections": [{"from": "hand", "port": "main", "to": "ask"}],
        "settings": {"while_paused": "allow"},
    }
    made = [
        target.call("POST", "/api/v1/app/workflows", {"name": f"Approval {at}", "definition": asking})["id"]
        for at in range(WORKFLOWS)
    ]
    for workflow in made:
        target.call("POST", f"/api/v1/app/workflows/{workflow}/activate")
    for at in range(QUESTIONS):
        target.call("POST", f"/api/v1/app/workflows/{made[at % WORKFLOWS]}/execute", {"input": {}})
    for _ in range(RUNS):
        target.call("POST", "/webhooks/demo/w1", w1().body)
    many = target.call("POST", "/api/v1/app/workflows", {"name": f"{NODES} nodes", "definition": lattice(NODES)})
    return made, f"/w/demo/workflows/{many['id']}/"


def lattice(count: int) -> dict[str, Any]:
    """So many nodes with places, twenty lines of them, as nobody would draw them."""
    nodes: list[dict[str, Any]] = [
        {
            "id": "hand",
            "name": "Start",
            "type": "TRIGGER",
            "subtype": "MANUAL",
            "params": {},
            "position": {"x": 0, "y": 0},
        }
    ]
    connections = []
    for at in range(count - 1):
        column, line = divmod(at, 20)
        nodes.append(
            {
                "id": f"n{at}",
                "name": f"Step {at}",
                "type": "ACTION",
                "subtype": "TRANSFORM",
                "params": {"fields": [{"name": "x", "value": "{{ $json.x }}"}]},
                "position": {"x": 240 * (column + 1), "y": 96 * line},
            }
        )
        source = "hand" if column == 0 else f"n{at - 20}"
        connections.append({"from": source, "port": "main", "to": f"n{at}"})
    return {"nodes": nodes, "connections": connections, "settings": {}}


# ── What is measured ─────────────────────────────────────────────────────────────────────────────────────────────────


def weighed() -> str:
    """The table of what the browser fetches, as `static/build/sizes.mjs` finds it."""
    done = subprocess.run(["node", "build/sizes.mjs", "--json"], cwd=STATIC, capture_output=True, text=True)
    if not done.stdout:
        raise RuntimeError(f"The sizes were not found: {done.stderr[-2000:]}")
    found = json.loads(done.stdout)
    lines = ["| fetched, gzip | at start KB | later KB | budget KB |", "|---|--:|--:|--:|"]
    lines += [
        f"| {part['name']} | {part['start']:.1f} | {part['later']:.1f} | {_kept(part['budget'], part['isOver'])} |"
        for part in found["parts"]
    ]
    lines.append(f"| the worker that arranges steps | 0.0 | {found['worker']:.1f} | beside it |")
    return "\n".join(lines)


def counted(target: Product, session: http.cookiejar.Cookie, workflows: list[str]) -> str:
    """The table of the lists."""
    asked = "&".join(f"id={workflow}" for workflow in workflows)
    paths = [f"/w/demo/{path}{'?' + asked if path.endswith('figures/') else ''}" for path, _ in LISTS]
    host = target.base.removeprefix("http://")
    done = subprocess.run(
        [
            sys.executable,
            "-m",
            "tests.bench.counting",
            str(session.value),
            host,
            *paths,
        ],
        env=target.environment,
        capture_output=True,
        text=True,
        cwd=ROOT,
    )
    if done.returncode:
        raise RuntimeError(f"The statements were not counted: {done.stderr[-2000:]}")
    rows = zip(json.loads(done.stdout.splitlines()[-1]), LISTS, strict=True)
    lines = ["| list | statements | budget | best of five, ms | KB of HTML |", "|---|--:|--:|--:|--:|"]
    lines += [
        f"| {name} | {row['queries']} | {_kept(MOST_QUERIES, row['queries'] > MOST_QUERIES)} | {row['ms']:.0f} "
        f"| {row['bytes'] / 1000:.0f} |"
        for row, (_, name) in rows
    ]
    about = (
        f"Lists with {WORKFLOWS + 2} workflows, {RUNS + QUESTIONS} executions and {QUESTIONS} questions. Statements "
        "include the workspace's setting and exclude the beginning and end of transactions; times are those of Django "
        "without a server around it."
    )
    return "\n".join([about, "", *lines])


def smooth(target: Product, session: http.cookiejar.Cookie, path: str) -> str:
    """The table of the editor's frames, as `static/build/frames.mjs` finds them."""
    browser = os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("chromium-browser")
    if browser is None:
        return "No Chromium, so no frames were counted: set CHROMIUM."
    with tempfile.TemporaryDirectory() as folder:
        state = Path(folder) / "state.json"
        cookie = {"name": session.name, "value": session.value, "domain": "127.0.0.1", "path": "/", "expires": -1}
        cookie |= {"httpOnly": True, "secure": False, "sameSite": "Lax"}
        state.write_text(json.dumps({"cookies": [cookie], "origins": []}))
        done = subprocess.run(
            ["node", "build/frames.mjs"],
            cwd=STATIC,
            env={**os.environ, "EDITOR": f"{target.base}{path}", "STATE": str(state), "CHROMIUM": browser},
            capture_output=True,
            text=True,
        )
    lines = [line.partition(": ") for line in done.stdout.splitlines() if " frames, " in line]
    if done.returncode or not lines:
        raise RuntimeError(f"The frames were not counted: {done.stdout[-1000:]}{done.stderr[-2000:]}")
    table = [f"| {name} | {figures} |" for name, _, figures in lines]
    return "\n".join([f"| {NODES} nodes | frames |", "|---|---|", *table])


def _kept(budget: int, is_over: bool) -> str:
    return f"{budget}, passed" if is_over else str(budget)
