"""The catalogue of node types over HTTP."""

from __future__ import annotations

from collections.abc import Callable

from rest_framework.test import APIClient

from apps.accounts.models import User

URL = "/api/v1/app/node-types/"


def test_every_node_type_is_listed_with_its_schemas(api: Callable[..., APIClient], bob: User) -> None:
    found = api(bob).get(URL).json()
    by_subtype = {entry["subtype"]: entry for entry in found["results"]}
    assert {"MANUAL", "WEBHOOK", "CRON", "IF", "SWITCH", "MERGE", "WAIT", "STOP", "RESPOND"} <= by_subtype.keys()
    assert {"TRANSFORM", "HTTP_REQUEST", "CONFIRMATION"} <= by_subtype.keys()
    webhook = by_subtype["WEBHOOK"]
    assert (webhook["type"], webhook["is_trigger"], webhook["ports"]) == ("TRIGGER", True, ["main"])
    assert {entry["subtype"] for entry in found["results"] if entry["is_container"]} == {"LOOP", "WHILE"}
    assert webhook["params_schema"]["required"] == ["path"]
    url = by_subtype["HTTP_REQUEST"]["params_schema"]["properties"]["url"]
    assert url["x-expression"] is True
    assert url["description"]
    assert "json" in by_subtype["HTTP_REQUEST"]["params_schema"]["properties"]


def test_they_can_be_found_by_word_and_kind(api: Callable[..., APIClient], bob: User) -> None:
    client = api(bob)
    assert [entry["subtype"] for entry in client.get(f"{URL}?q=approve").json()["results"]] == ["CONFIRMATION"]
    kinds = {entry["type"] for entry in client.get(f"{URL}?type=TRIGGER").json()["results"]}
    assert kinds == {"TRIGGER"}


def test_one_can_be_read(api: Callable[..., APIClient], bob: User) -> None:
    client = api(bob)
    assert client.get(f"{URL}WEBHOOK/").json()["type"] == "TRIGGER"
    assert client.get(f"{URL}FLOW:IF").json()["ports"] == ["true", "false"]
    missing = client.get(f"{URL}WEBHOK/")
    assert missing.status_code == 404
    assert "WEBHOOK" in missing.json()["hint"]
    assert api().get(URL).status_code == 401
