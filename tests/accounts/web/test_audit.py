"""The audit log: filters, order and export."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from asgiref.sync import async_to_sync
from django.test import AsyncClient, Client
from rest_framework.test import APIClient

from apps.accounts import chain, services
from apps.accounts.models import AuditEvent
from apps.core import clock
from apps.core.origin import Origin, coming_from
from apps.core.tenancy import tenant
from tests.cast import Cast

Api = Callable[..., APIClient]
PAGE, EVENTS, EXPORT = "/w/acme/settings/audit/", "/api/v1/app/audit-events/", "/api/v1/app/audit-events/export/"


def record(cast: Cast, action: str, target: str = "", **data: Any) -> None:
    with tenant(cast.workspace.id), coming_from(Origin("198.51.100.7", "Firefox")):
        services.audit_record(workspace_id=cast.workspace.id, actor=cast.owner, action=action, target=target, data=data)


def targets(client: APIClient, query: str) -> set[str]:
    answer = client.get(f"{EVENTS}?{query}&page_size=200")
    assert answer.status_code == 200, answer.content
    return {row["target"] for row in answer.json()["results"]}


@pytest.mark.django_db
class TestFilters:
    @pytest.fixture(autouse=True)
    def _some(self, cast: Cast) -> None:
        with time_machine.travel(clock.now() - timedelta(days=3), tick=False):
            record(cast, "thing.made", "Orders")
        record(cast, "thing.made", "Invoices")
        record(cast, "thing.lost", "Invoices 2")
        record(cast, "things.made", "Other")

    @pytest.mark.parametrize(
        ("query", "found"),
        [
            ("action=thing.made", {"Orders", "Invoices"}),
            ("action=thing", {"Orders", "Invoices", "Invoices 2"}),
            ("action=thing&target=voice", {"Invoices", "Invoices 2"}),
            ("action=thing.made&actor=ALICE@", {"Orders", "Invoices"}),
            ("action=thing.made&actor=bob", set()),
            ("actor=%25&action=thing", set()),
        ],
    )
    def test_by_action_target_and_actor(self, cast: Cast, api: Api, query: str, found: set[str]) -> None:
        assert targets(api(cast.alice), query) == found

    def test_by_actors_id(self, cast: Cast, api: Api) -> None:
        assert "Orders" in targets(api(cast.alice), f"actor={cast.alice.pk}")
        assert targets(api(cast.alice), f"actor={cast.bob.pk}") == set()

    def test_by_time(self, cast: Cast, api: Api) -> None:
        day = (clock.now() - timedelta(days=1)).date()
        assert targets(api(cast.alice), f"action=thing&since={day}") == {"Invoices", "Invoices 2"}
        assert targets(api(cast.alice), f"action=thing&until={day}T00:00:00Z") == {"Orders"}

    @pytest.mark.parametrize(
        "query", ["since=yesterday", "since=2026-13-01", "until=99999-01-01", f"actor={'x' * 300}", "color=red"]
    )
    def test_what_cannot_be_is_refused(self, cast: Cast, api: Api, query: str) -> None:
        assert api(cast.alice).get(f"{EVENTS}?{query}").status_code == 400

    def test_the_page(self, cast: Cast) -> None:
        client = Client()
        client.force_login(cast.alice)
        page = client.get(f"{PAGE}?action=thing.made&sort=oldest").content.decode()
        assert page.index("Orders") < page.index("Invoices")
        assert "Other" not in page
        assert "198.51.100.7" in page
        newest = client.get(f"{PAGE}?action=thing.made").content.decode()
        assert newest.index("Invoices") < newest.index("Orders")
        assert "thing.lost" in newest  # offered as a filter
        wrong = client.get(f"{PAGE}?since=nonsense")
        assert wrong.status_code == 200
        assert b"Write it as 2026-01-31" in wrong.content
        assert b"Nothing fits" in client.get(f"{PAGE}?target=nowhere").content

    def test_nothing_of_another_workspace(self, cast: Cast, api: Api) -> None:
        assert targets(api(cast.charlie), "action=thing") == set()


@pytest.mark.integration
class TestExport:
    def read(self, who: Any, query: str) -> Any:
        client = AsyncClient()
        client.force_login(who)

        async def whole() -> tuple[Any, bytes]:
            answer: Any = await client.get(f"{EXPORT}?workspace=acme&{query}")
            if not answer.streaming:
                return answer, answer.content
            return answer, b"".join([part async for part in answer.streaming_content])

        return async_to_sync(whole)()

    def test_json_holds_what_proves_the_chain(self, committed_db: None, cast: Cast) -> None:
        for number in range(5):
            record(cast, "thing.made", f"Thing {number}", n=number, big=1e22)
        answer, body = self.read(cast.alice, "format=json")
        rows = sorted(json.loads(body), key=lambda row: -row["seq"])
        assert answer["Content-Disposition"] == 'attachment; filename="audit-acme.json"'
        assert [row["seq"] for row in rows] == list(range(len(rows), 0, -1))
        before = ""
        for row in reversed(rows):
            with tenant(cast.workspace.id):
                event = AuditEvent.objects.get(id=row["id"])
            assert chain.digest_of(event) == row["digest"]
            assert chain.link_hash(before, row["seq"], row["digest"]) == row["hash"]
            before = row["hash"]
        assert rows[0]["action"] == "audit.exported"

    def test_csv_runs_no_formula(self, committed_db: None, cast: Cast) -> None:
        record(cast, "thing.made", '=HYPERLINK("http://evil")', note="a,b\nc")
        answer, body = self.read(cast.alice, "action=thing")
        rows = list(csv.DictReader(io.StringIO(body.decode())))
        assert answer["Content-Type"].startswith("text/csv")
        assert [row["target"] for row in rows] == ['\'=HYPERLINK("http://evil")']
        assert json.loads(rows[0]["data"]) == {"note": "a,b\nc"}

    def test_longer_than_one_batch(self, committed_db: None, cast: Cast, monkeypatch: Any) -> None:
        from apps.accounts.api import audit

        monkeypatch.setattr(audit, "BATCH", 3)
        for number in range(7):
            record(cast, "thing.made", str(number))
        _, body = self.read(cast.alice, "format=json&action=thing")
        assert sorted(row["target"] for row in json.loads(body)) == list("0123456")
        _, body = self.read(cast.alice, "format=json&action=nothing")
        assert json.loads(body) == []

    def test_who_may_not_gets_none(self, committed_db: None, cast: Cast) -> None:
        assert self.read(cast.bob, "")[0].status_code == 403
        assert self.read(cast.charlie, "")[0].status_code == 404
        assert self.read(cast.alice, "format=xml")[0].status_code == 400
