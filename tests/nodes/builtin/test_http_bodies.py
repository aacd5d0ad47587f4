"""HTTP_REQUEST's bodies and queries, as they go over the wire."""

from __future__ import annotations

from email.parser import BytesParser
from email.policy import HTTP
from typing import Any

import pytest

from apps.nodes.builtin.actions.http_bodies import Part, form_of, multipart_of, query_of
from apps.nodes.builtin.actions.http_request import HttpRequest
from apps.nodes.contract import Done, NodeError
from apps.nodes.params import stored_faults
from tests.nodes.running import FakeArtifacts, FakeContext, FakeHttp, params_of

URL = "https://api.example.com/upload"


def sent(**params: Any) -> dict[str, Any]:
    ctx = FakeContext(http=FakeHttp([{}]), json=params.pop("given", None))
    ctx.artifacts = params.pop("artifacts", ctx.artifacts)
    result = HttpRequest().run(params_of(HttpRequest, {"url": URL, "method": "POST"} | params, ctx.json), ctx)
    assert isinstance(result, Done)
    return ctx.http.seen[0]


@pytest.mark.parametrize(
    ("lists", "query", "form"),
    [
        ("repeat", {"id": [1, True], "q": "a b"}, b"id=1&id=true&q=a+b"),
        ("brackets", {"id[]": [1, True], "q": "a b"}, b"id%5B%5D=1&id%5B%5D=true&q=a+b"),
        ("indices", {"id[0]": 1, "id[1]": True, "q": "a b"}, b"id%5B0%5D=1&id%5B1%5D=true&q=a+b"),
        ("comma", {"id": "1,true", "q": "a b"}, b"id=1%2Ctrue&q=a+b"),
    ],
)
def test_lists_are_written_as_the_receiver_wants_them(lists: Any, query: Any, form: bytes) -> None:
    fields = {"id": [1, True], "q": "a b"}
    assert query_of(fields, lists) == query
    assert form_of(fields, lists) == form


def test_a_form_says_what_it_is() -> None:
    made = sent(form={"name": "{{ $json }}", "ä": None, "o": {"a": 1}}, given="Ann & Co")
    assert made["content"] == b"name=Ann+%26+Co&%C3%A4=&o=%7B%22a%22%3A1%7D"
    assert made["headers"]["Content-Type"] == "application/x-www-form-urlencoded"
    own = sent(form={"a": 1}, headers={"content-type": "application/x-www-form-urlencoded; charset=UTF-8"})
    assert [name for name in own["headers"] if name.lower() == "content-type"] == ["content-type"]


def test_a_form_with_files_can_be_read_back() -> None:
    artifacts = FakeArtifacts()
    kept = artifacts.put(b"\x89PNG\0\r\n--", name='a "b"\r\n.png', content_type="image/png")
    parts = [
        {"name": "title", "value": "Grüße"},
        {"name": "meta", "value": {"a": 1}},
        {"name": "picture", "file": "{{ $json }}"},
        {"name": "raw", "file": kept["id"], "file_name": "x.bin", "content_type": "application/x-a\r\nX-Evil: 1"},
    ]
    made = sent(parts=parts, artifacts=artifacts, given=kept)
    assert sent(parts=parts, artifacts=artifacts, given=kept)["content"] == made["content"]
    head = f"Content-Type: {made['headers']['Content-Type']}\r\n\r\n".encode()
    found = list(BytesParser(policy=HTTP).parsebytes(head + made["content"]).iter_parts())
    payloads = [each.get_payload(decode=True) for each in found]
    assert payloads == ["Grüße".encode(), b'{"a":1}', b"\x89PNG\0\r\n--", b"\x89PNG\0\r\n--"]
    assert [each.get_content_type() for each in found[1:3]] == ["application/json", "image/png"]
    assert found[2].get_filename() == "a %22b%22%0D%0A.png"
    assert "X-Evil" not in found[3]


def test_a_file_can_be_the_body() -> None:
    artifacts = FakeArtifacts()
    kept = artifacts.put(b"%PDF", name="a.pdf", content_type="application/pdf")
    made = sent(file=kept, artifacts=artifacts)
    assert (made["content"], made["headers"]["Content-Type"]) == (b"%PDF", "application/pdf")
    assert sent(file=kept["id"], artifacts=artifacts)["headers"]["Content-Type"] == "application/octet-stream"


def test_a_request_has_one_body() -> None:
    (fault,) = stored_faults(HttpRequest, {"url": URL, "form": {"a": 1}, "parts": [{"name": "a", "value": 1}]})
    assert fault.message == "Send either form or parts, not both."
    with pytest.raises(NodeError, match="made of parts"):
        sent(parts=[{"name": "a"}], headers={"Content-Type": "multipart/form-data"})


def test_parts_are_the_same_for_the_same_key() -> None:
    parts = [Part(name="a", value=1)]
    one, two = (multipart_of(parts, FakeArtifacts(), boundary=key) for key in ("k", "l"))
    assert one == multipart_of(parts, FakeArtifacts(), boundary="k")
    assert one[1] != two[1]


@pytest.mark.parametrize(
    ("read_as", "answer", "body"),
    [
        ("text", {"json": {"a": 1}}, '{"a": 1}'),
        ("json", {"text": '{"a": 1}'}, {"a": 1}),
        ("json", {"status": 204}, None),
        ("auto", {"json": {"a": 1}}, {"a": 1}),
    ],
)
def test_what_an_answer_is_read_as_can_be_said(read_as: str, answer: Any, body: Any) -> None:
    ctx = FakeContext(http=FakeHttp([answer]))
    done = HttpRequest().run(params_of(HttpRequest, {"url": URL, "read_as": read_as, "returns": "body"}), ctx)
    assert done == Done(body)


def test_an_answer_can_be_kept_as_a_file_whatever_it_is() -> None:
    ctx = FakeContext(http=FakeHttp([{"json": {"a": 1}}]))
    done = HttpRequest().run(params_of(HttpRequest, {"url": URL, "read_as": "file"}), ctx)
    assert isinstance(done, Done)
    assert done.output["body"]["content_type"] == "application/json"
    assert ctx.artifacts.get(done.output["body"]) == b'{"a": 1}'


def test_no_json_is_said_where_json_was_wanted() -> None:
    ctx = FakeContext(http=FakeHttp([{"text": "<html>"}]))
    with pytest.raises(NodeError) as failed:
        HttpRequest().run(params_of(HttpRequest, {"url": URL, "read_as": "json"}), ctx)
    assert (failed.value.code, failed.value.details["body"]) == ("http.not_json", "<html>")
