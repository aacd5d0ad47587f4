"""Logs over HTTP: of one execution, of the workspace, as a file."""

from __future__ import annotations

import csv
import io
import json
import re
import threading
from collections.abc import Callable
from typing import Any
from urllib.parse import quote
from uuid import UUID

import pytest
from django.db import connection
from django.test import Client
from rest_framework.test import APIClient

from apps.accounts.models import User
from apps.core import clock
from apps.core.tenancy import tenant
from apps.executions import services
from apps.executions.log_rows import TROUBLED
from apps.executions.models import NodeRun, Transition
from apps.nodes.builtin.actions.http_request import HttpRequest
from apps.nodes.contract import Context, Done, NodeError, Result
from tests.cast import Cast
from tests.executions.api.conftest import ASKING, Make
from tests.executions.api.test_executions import started
from tests.executions.conftest import Engine, definition, node

Api = Callable[..., APIClient]
ALL = "/api/v1/app/logs"
LIST = "/api/v1/app/executions"
Json = dict[str, Any]

pytestmark = pytest.mark.usefixtures("cast")


def page(api: Api, who: User, execution_id: UUID, query: str = "") -> Json:
    answer = api(who).get(f"{LIST}/{execution_id}/logs{query}")
    assert answer.status_code == 200, answer.json()
    found: Json = answer.json()
    return found


def lines(api: Api, who: User, execution_id: UUID, query: str = "") -> list[Json]:
    found: list[Json] = page(api, who, execution_id, query)["results"]
    return found


def words(found: list[Json]) -> list[str]:
    return [line["message"] for line in found]


def calling(**own: Any) -> Json:
    """A workflow of one call, whose code the test brings."""
    call = node("call", "ACTION.HTTP_REQUEST", method="GET", url="https://api.example.com/") | own
    return definition([node("t", "TRIGGER.MANUAL"), call], ["t > call"])


@pytest.fixture
def runs(monkeypatch: pytest.MonkeyPatch) -> Callable[[Callable[[Context], Result]], None]:
    """Give the calling node other code."""

    def set_code(code: Callable[[Context], Result]) -> None:
        monkeypatch.setattr(HttpRequest, "run", lambda self, params, ctx: code(ctx))

    return set_code


# ── One execution ────────────────────────────────────────────────────────────────────────────────────────────────────


def test_the_business_log_tells_the_story(engine: Engine, api: Api, alice: User, cast: Cast, make: Make) -> None:
    execution_id = started(cast, make(ASKING), {"order": "A-1"})
    parked = engine.until(execution_id, "WAITING_FOR_HUMAN")
    services.wait_resolve(
        workspace_id=cast.workspace.id,
        wait_id=UUID(parked["waits"][0]["id"]),
        answer={"outcome": "approved", "comment": None, "data": None},
        by="Bob",
        now=clock.now(),
    )
    engine.poke()
    engine.until(execution_id)
    told = words(lines(api, alice, execution_id))
    assert told[0] == "Started by alice@example.com."
    assert told[1] == "boss was asked: Ship order A-1?"
    assert told[2].startswith("boss: approved by Bob after ")
    assert told[3].startswith("yes finished after ")
    assert told[4].startswith("Finished after ")
    assert len(told) == 5


def test_the_technical_log_lists_every_change(engine: Engine, api: Api, alice: User, cast: Cast, make: Make) -> None:
    execution_id = started(cast, make(), {"number": 4})
    engine.until(execution_id)
    told = lines(api, alice, execution_id, "?view=technical")
    assert [line["message"].partition(" after ")[0] for line in told] == [
        "Execution created.",
        "Claimed by a worker under fence 1.",
        "t COMPLETED",
        "double COMPLETED",
        "Execution SUCCESS.",
    ]
    assert [line["id"] for line in told] == ["0.1", "1.1", "1.2", "1.3", "1.4"]
    assert told[2]["data"]["seq"] == 1
    assert "took_ms" in told[3]["data"]


def test_logs_are_paged_cut_by_time_and_searched(engine: Engine, api: Api, alice: User, cast: Cast, make: Make) -> None:
    execution_id = started(cast, make(), {"number": 4})
    engine.until(execution_id)
    whole = lines(api, alice, execution_id)
    client = api(alice)
    first = client.get(f"{LIST}/{execution_id}/logs?page_size=1").json()
    found, following = list(first["results"]), first["next"]
    while following:
        each = client.get(following).json()
        found, following = found + each["results"], each["next"]
    assert found == whole
    assert lines(api, alice, execution_id, f"?after={whole[0]['id']}") == whole[1:]
    assert lines(api, alice, execution_id, f"?after={page(api, alice, execution_id)['last']}") == []
    middle = quote(whole[1]["at"])
    assert lines(api, alice, execution_id, f"?from={middle}") == whole[1:]
    assert lines(api, alice, execution_id, f"?until={middle}") == whole[:1]
    assert words(lines(api, alice, execution_id, "?q=DOUBLE")) == [whole[1]["message"]]
    assert words(lines(api, alice, execution_id, "?node=double")) == [whole[1]["message"]]
    assert lines(api, alice, execution_id, "?level=warning") == []


@pytest.mark.parametrize(
    "query",
    [
        "view=loud",
        "level=fatal",
        "page_size=0",
        "page_size=1001",
        "after=nonsense",
        "after=1.2.3",
        "after=-1",
        "from=yesterday",
        "cursor=3",
        "colour=red",
        "milestones=perhaps",
    ],
)
def test_what_cannot_be_asked_is_refused_with_its_reason(
    api: Api, alice: User, cast: Cast, make: Make, query: str
) -> None:
    execution_id = started(cast, make())
    for path in (f"{LIST}/{execution_id}/logs", ALL):
        answer = api(alice).get(f"{path}?{query}")
        assert answer.status_code == 400, (path, answer.json())
        assert answer["Content-Type"] == "application/problem+json"
        assert answer.json()["errors"]


def test_an_execution_nobody_has_touched_yet_has_a_first_line(api: Api, alice: User, cast: Cast, make: Make) -> None:
    found = page(api, alice, started(cast, make()))
    assert words(found["results"]) == ["Started by alice@example.com."]
    assert (found["next"], found["last"], found["progress"]) == (None, "0.1", [])


def test_what_a_running_node_says_is_read_while_it_runs(
    engine: Engine, api: Api, alice: User, cast: Cast, make: Make, runs: Callable[..., None]
) -> None:
    go_on, has_spoken = threading.Event(), threading.Event()

    def talk(ctx: Context) -> Result:
        ctx.log("Page 1 of 3", data={"page": 1})
        ctx.log("cursor abc", level="debug")
        ctx.progress(1, 3, "pages")
        ctx.metric("rows", 17, "rows")
        has_spoken.set()
        assert go_on.wait(10)
        ctx.log("Page 2 of 3", level="warning")
        ctx.progress(3, 3, "pages")
        return Done({"ok": True})

    runs(talk)
    execution_id = started(cast, make(calling()))
    engine.poke()
    try:
        assert has_spoken.wait(5)
        began = clock.now()
        while "Page 1 of 3" not in words(lines(api, alice, execution_id)):
            assert (clock.now() - began).total_seconds() < 2.5, "not seen while it runs"
            threading.Event().wait(0.05)
        found = page(api, alice, execution_id)
        (progress,) = found["progress"]
        assert (progress["node"], progress["done"], progress["total"], progress["message"]) == ("call", 1, 3, "pages")
        assert "cursor abc" not in words(found["results"])
        fresh = api(alice).get(f"{LIST}/{execution_id}/?payloads=false").json()
        (calls,) = (run for run in fresh["node_runs"] if run["node_id"] == "call")
        assert calls["progress"] == {"done": 1, "total": 3}
        with tenant(cast.workspace.id):
            rows = Transition.objects.filter(execution_id=execution_id).order_by("seq")
            told = [change["progress"] for row in rows for change in row.changes if "progress" in change]
        assert told[-1] == calls["progress"]
    finally:
        go_on.set()
    ended = engine.until(execution_id)
    assert ended["status"] == "SUCCESS"
    assert words(lines(api, alice, execution_id))[1:4] == [
        "Page 1 of 3",
        "Page 2 of 3",
        next(word for word in words(lines(api, alice, execution_id)) if word.endswith(", 3 of 3.")),
    ]
    (spoken,) = (run for run in ended["node_runs"] if run["node_id"] == "call")
    assert [line["message"] for line in spoken["logs"]] == ["Page 1 of 3", "cursor abc", "Page 2 of 3"]
    assert [(figure["name"], figure["value"]) for figure in spoken["metrics"]] == [("rows", 17)]
    technical = words(lines(api, alice, execution_id, "?view=technical"))
    assert "cursor abc" in technical
    assert "call: rows = 17 rows" in technical
    assert words(lines(api, alice, execution_id, "?level=warning")) == ["Page 2 of 3"]
    assert page(api, alice, execution_id)["progress"] == []
    with tenant(cast.workspace.id):
        told = [change for row in Transition.objects.filter(execution_id=execution_id) for change in row.changes]
    spoke = [change["said"] for change in told if "said" in change]
    assert spoke == ["info", "warning"]
    assert "Page 1 of 3" not in json.dumps(told)


def test_milestones_are_marked_and_can_be_asked_for_alone(
    engine: Engine, api: Api, alice: User, cast: Cast, make: Make, runs: Callable[..., None]
) -> None:
    runs(lambda ctx: Done(None))
    execution_id = started(cast, make(calling(milestone=True)))
    engine.poke()
    engine.until(execution_id)
    (line,) = lines(api, alice, execution_id, "?milestones=true")
    assert line["message"].startswith("call finished after ")
    assert line["is_milestone"] is True


# ── Horrors ──────────────────────────────────────────────────────────────────────────────────────────────────────────

HORRORS = [
    "nul \x00 inside",
    "half \ud800 a pair",
    "\u202eexe.gpj",
    "<img src=x onerror=alert(1)>",
    "</script><script>alert(1)</script>",
    "{{ 7 * 7 }} {% now %}",
    "x" * 100_000,
    "=cmd|' /C calc'!A0",
    "two\nlines\r\n2026-11-20 INFO forged",
    "",
]


@pytest.fixture
def talking(engine: Engine, cast: Cast, make: Make, runs: Callable[..., None]) -> UUID:
    """An execution whose node said every horror there is, and then failed with one."""

    def say(ctx: Context) -> Result:
        for horror in HORRORS:
            ctx.log(horror, data={"horror": horror, horror[:50]: [horror[:50]]})
        ctx.progress(1, 2, HORRORS[3])
        ctx.metric(HORRORS[7], float("nan"), HORRORS[2])
        raise NodeError("http.status", "".join(HORRORS), HORRORS[3], details={"it": HORRORS})

    runs(say)
    execution_id = started(cast, make(calling()))
    engine.poke()
    engine.until(execution_id, "ERROR")
    return execution_id


def test_no_horror_breaks_the_api(api: Api, alice: User, talking: UUID) -> None:
    for view in ("business", "technical"):
        found = lines(api, alice, talking, f"?view={view}")
        said = [line for line in found if line["kind"] == "said"]
        assert len(said) == len(HORRORS)
        assert all(len(line["message"]) <= 5_000 for line in found)
        assert api(alice).get(f"{ALL}?view={view}").status_code == 200
    for text in HORRORS:
        for path in (ALL, f"{LIST}/{talking}/logs"):
            query = f"q={quote(text[:200], errors='surrogatepass')}&node={quote(text[:90], errors='surrogatepass')}"
            answer = api(alice).get(f"{path}?{query}")
            assert answer.status_code in (200, 400), answer.json()


async def _body(answer: Any) -> bytes:
    return b"".join([part async for part in answer.streaming_content])


def downloaded(who: User, execution_id: UUID, query: str) -> tuple[Any, str]:
    """The file, as a server that streams would send it."""
    from asgiref.sync import async_to_sync
    from django.test import AsyncClient

    client = AsyncClient()
    client.cookies = signed_in(who).cookies

    async def get() -> tuple[Any, bytes]:
        answer = await client.get(f"{LIST}/{execution_id}/logs/download/?{query}")
        return answer, await _body(answer) if answer.streaming else answer.content

    answer, body = async_to_sync(get)()
    return answer, body.decode()


def signed_in(who: User) -> Client:
    client = Client()
    client.force_login(who)
    return client


def test_files_are_whole_and_nothing_in_them_acts(api: Api, alice: User, talking: UUID) -> None:
    told = lines(api, alice, talking)
    answer, text = downloaded(alice, talking, "format=jsonl")
    assert [json.loads(line) for line in text.splitlines() if line] == told
    assert answer["Content-Disposition"] == f'attachment; filename="execution-{talking}-business.jsonl"'
    assert answer["X-Content-Type-Options"] == "nosniff"
    _answer, text = downloaded(alice, talking, "format=csv")
    rows = list(csv.DictReader(io.StringIO(text)))
    assert len(rows) == len(told)
    assert not any(cell.startswith(("=", "+", "-", "@", "\t", "\r")) for row in rows for cell in row.values())
    assert next(row["message"] for row in rows if "cmd" in row["message"]) == "'=cmd|' /C calc'!A0"
    _answer, text = downloaded(alice, talking, "format=txt&view=technical")
    technical = lines(api, alice, talking, "?view=technical")
    assert len(text.split("\n")) == len(technical) + 1
    assert "\u202e" not in text
    assert "\\u202e" in text


def test_a_download_refuses_like_everything_else(alice: User, charlie: User, talking: UUID) -> None:
    assert downloaded(alice, talking, "format=exe")[0].status_code == 400
    assert downloaded(alice, talking, "after=nonsense")[0].status_code == 400
    assert downloaded(charlie, talking, "")[0].status_code == 404


# ── The workspace ────────────────────────────────────────────────────────────────────────────────────────────────────


def everything(api: Api, who: User, query: str = "") -> list[Json]:
    found, url = [], f"{ALL}?{query}"
    for _ in range(200):
        answer = api(who).get(url).json()
        found += answer["results"]
        if answer["next"] is None:
            return found
        url = answer["next"]
    raise AssertionError("the log never ends")


def test_the_log_of_the_workspace_is_the_logs_of_its_executions(
    engine: Engine, api: Api, alice: User, charlie: User, cast: Cast, make: Make
) -> None:
    workflow = make()
    made = [started(cast, workflow, {"number": at}) for at in range(5)]
    for each in made:
        engine.until(each)
    for view in ("business", "technical"):
        whole = everything(api, alice, f"view={view}")
        for each in made:
            mine = [line for line in whole if line["execution_id"] == str(each)]
            apart = lines(api, alice, each, f"?view={view}")
            assert [line["id"] for line in reversed(mine)] == [line["id"] for line in apart]
        for size in (1, 2, 3, 7):
            assert everything(api, alice, f"view={view}&page_size={size}") == whole
    assert everything(api, charlie) == []


def test_the_log_of_the_workspace_is_filtered(
    engine: Engine, api: Api, alice: User, cast: Cast, make: Make, runs: Callable[..., None]
) -> None:
    def fail(ctx: Context) -> Result:
        raise NodeError("http.status", "api.example.com answered with status 503")

    runs(fail)
    good, bad = make(), make(calling(), name="Calls")
    fine, failed = started(cast, good, {"number": 1}), started(cast, bad)
    engine.poke()
    engine.until(fine)
    engine.until(failed)
    warned = everything(api, alice, "level=warning")
    assert {line["execution_id"] for line in warned} == {str(failed)}
    assert {line["level"] for line in warned} <= {"warning", "error"}
    of_bad = everything(api, alice, f"workflow={bad.id}")
    assert {line["workflow_name"] for line in of_bad} == {"Calls"}
    assert len(of_bad) == len(lines(api, alice, failed))
    for kind in ("HTTP_REQUEST", "ACTION.HTTP_REQUEST"):
        assert {line["node_id"] for line in everything(api, alice, f"node_type={kind}")} == {"call"}
    assert {line["node_id"] for line in everything(api, alice, "q=status+503")} == {"call", None}
    now = quote(clock.now().isoformat())
    assert everything(api, alice, f"from={now}") == []
    assert everything(api, alice, f"until={now}") == everything(api, alice)


def test_lines_of_a_broken_past_are_still_read(engine: Engine, api: Api, alice: User, cast: Cast, make: Make) -> None:
    execution_id = started(cast, make(), {"number": 4})
    engine.until(execution_id)
    with tenant(cast.workspace.id):
        NodeRun.objects.filter(execution_id=execution_id).delete()  # retention took them first
    assert words(lines(api, alice, execution_id))[0] == "Started by alice@example.com."
    assert "double COMPLETED" in " ".join(words(lines(api, alice, execution_id, "?view=technical")))
    assert api(alice).get(ALL).status_code == 200


def test_the_indexes_give_the_log_of_the_workspace(cast: Cast) -> None:
    """A plan that reads everything would be slow only where there is much: so it is looked at here."""
    plans = {}
    with tenant(cast.workspace.id), connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")
        cursor.execute("SET LOCAL enable_bitmapscan = off")
        for name, clause in (("recent", ""), ("troubled", f"AND {TROUBLED}")):
            cursor.execute(
                f"""EXPLAIN SELECT at FROM executions_transition WHERE workspace_id = %s {clause}
                    ORDER BY at DESC, execution_id DESC, seq DESC LIMIT 200""",
                [cast.workspace.id],
            )
            plans[name] = "\n".join(row[0] for row in cursor.fetchall())
        cursor.execute(
            """SELECT pg_get_expr(indpred, indrelid) IS NOT NULL, indexrelid::regclass::text FROM pg_index
               WHERE indrelid IN (SELECT relid FROM pg_partition_tree('executions_transition') WHERE isleaf)
                 AND indnatts = 4"""
        )
        partial = {name for is_partial, name in cursor.fetchall() if is_partial}
    assert "->  Sort" not in plans["recent"], plans["recent"]
    assert "Index Only Scan Backward" in plans["recent"], plans["recent"]
    used = set(re.findall(r"using (\S+)", plans["troubled"]))
    assert used, plans["troubled"]
    assert used <= partial
