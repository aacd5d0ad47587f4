"""The files of a new integration, with `$vendor`, `$title` and so on where the names go."""

from __future__ import annotations

FOLDER = '''"""$title: everything this product knows about it."""
'''

CLIENT = '''"""The API of $title, as far as the nodes need it."""

from __future__ import annotations

from apps.integrations.calling import JsonClient
from apps.nodes.contract import Json


class Client(JsonClient):
    """Records of $title. One method per call; failures are `NodeError`."""

    base_url = "https://api.$host/v1"

    def record(self, record_id: str) -> Json:
        """One record."""
        return self.read("records", record_id)

    def record_create(self, name: str, *, key: str) -> Json:
        """A new record. $title recognises the key, so that a repeat makes no second one."""
        return self.write("records", json={"name": name}, key=key, honours_key=True)

    def said(self, answer: Json) -> str:
        """Where $title says what is wrong."""
        return str(answer.get("error") or "") if isinstance(answer, dict) else ""
'''

_OAUTH = '''"""An account at $title."""

from __future__ import annotations

from typing import Any

from apps.integrations.oauth.declare import OAuthFields, OAuthType, Provider


class ${cls}Account(OAuthType):
    """An account at $title, connected by an app of your own there."""

    type, name, icon = "$vendor", "$title", "plug"

    class Fields(OAuthFields):
        """Client id and client secret of the app."""

    def provider(self, fields: Any) -> Provider:
        """Where and how $title gives tokens."""
        return Provider(
            authorize_url="https://$host/oauth/authorize",
            token_url="https://$host/oauth/token",
            revoke_url="https://$host/oauth/revoke",
            account_url="https://api.$host/v1/me",
            account_path="email",
            scopes=("records.read", "records.write"),
        )
'''

_TOKEN = '''"""A token of $title."""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated

from pydantic import Field, SecretStr

from apps.integrations.declare import CredentialFields, CredentialType, Outgoing, Signing


class ${cls}Token(CredentialType):
    """A personal access token of $title."""

    type, name, icon = "$vendor", "$title", "plug"

    class Fields(CredentialFields):
        token: Annotated[SecretStr, Field(min_length=1, max_length=5_000)]
        """The token, as $title shows it once."""

    def sign(self, fields: Fields, request: Outgoing, signing: Signing) -> Outgoing:
        """As $title wants it."""
        token = fields.token.get_secret_value().strip()
        return replace(request, headers={**request.headers, "authorization": f"Bearer {token}"})

    def test_address(self, fields: Fields) -> str:
        """Answers only to those who are signed in."""
        return "https://api.$host/v1/me"
'''

TYPES = {"oauth2": _OAUTH, "token": _TOKEN}

NODE = '''"""$title in a workflow."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from apps.integrations.vendors.$vendor.client import Client
from apps.nodes.contract import (
    Context,
    CredentialRef,
    Done,
    Effect,
    Example,
    Expr,
    Node,
    NodeOutput,
    NodeParams,
    NodeType,
    Result,
    Retry,
    takes,
)


class Get(NodeParams):
    """Read a record."""

    type: Literal["get"]
    """Read a record."""
    record_id: Expr[Annotated[str, Field(min_length=1, max_length=200)]]
    """Its id, as $title shows it."""


class Create(NodeParams):
    """Make a record."""

    type: Literal["create"]
    """Make a record."""
    name: Expr[Annotated[str, Field(min_length=1, max_length=200)]]
    """What it is called."""


class $cls(Node):
    """Read and make records of $title."""

    type, subtype, icon, name = NodeType.EXTERNAL_ACTION, "$subtype", "plug", "$title"
    summary = "{operation.type}"
    keywords = ("$vendor", "records")
    retry = Retry(attempts=3, delay_seconds=1.0)

    class Params(NodeParams):
        auth: Annotated[CredentialRef, takes("$vendor")]
        """The account to act for."""
        operation: Annotated[Get | Create, Field(discriminator="type")]
        """What to do."""

    class Output(NodeOutput):
        id: str
        """The record's id."""
        name: str
        """What it is called."""

    examples = (
        Example(
            "Read a record",
            params={
                "auth": {"kind": "credential", "credential": "0198c0de-0000-7000-8000-000000000001"},
                "operation": {"type": "get", "record_id": "{{ $$json.id }}"},
            },
            input={"id": "r-1"},
            answers=({"json": {"id": "r-1", "name": "Ada"}},),
            returns={"id": "r-1", "name": "Ada"},
        ),
        Example(
            "Make a record",
            params={
                "auth": {"kind": "credential", "credential": "0198c0de-0000-7000-8000-000000000001"},
                "operation": {"type": "create", "name": "Ada"},
            },
            answers=({"status": 201, "json": {"id": "r-2", "name": "Ada"}},),
            returns={"id": "r-2", "name": "Ada"},
        ),
    )

    def effect(self, params: Params) -> Effect:
        """Making a record writes."""
        return Effect.READ if isinstance(params.operation, Get) else Effect.WRITE

    def honours_key(self, params: Params) -> bool:
        """$title makes one record per key."""
        return True

    def run(self, params: Params, ctx: Context) -> Result:
        """Make the call."""
        client = Client(ctx.credentials.http(params.auth))
        if isinstance(params.operation, Get):
            return Done(client.record(params.operation.record_id))
        return Done(client.record_create(params.operation.name, key=ctx.idempotency_key))
'''

FAKE = '''"""A server that speaks the wire protocol of $title, as far as the client uses it."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


@dataclass
class $cls:
    """What it holds and what it saw. `refuses`: statuses it says before anything else."""

    url: str = ""
    records: dict[str, dict[str, Any]] = field(default_factory=dict)
    by_key: dict[str, str] = field(default_factory=dict)
    refuses: list[int] = field(default_factory=list)
    seen: list[tuple[str, str]] = field(default_factory=list)

    @property
    def host(self) -> str:
        """`host:port`, as EGRESS_ALLOW wants it."""
        return self.url.removeprefix("http://")


@contextmanager
def ${vendor}_server() -> Iterator[$cls]:
    """A server on a free port of this machine."""
    state = $cls()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def _answer(self) -> None:
            raw = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            state.seen.append((self.command, self.path))
            if state.refuses:
                self._say(state.refuses.pop(0), {"error": "told to refuse"})
            elif self.command == "POST" and self.path == "/records":
                key = self.headers.get("Idempotency-Key", "")
                record_id = state.by_key.setdefault(key, f"r-{len(state.records) + 1}")
                state.records.setdefault(record_id, {"id": record_id, **json.loads(raw)})
                self._say(201, state.records[record_id])
            elif self.path.removeprefix("/records/") in state.records:
                self._say(200, state.records[self.path.removeprefix("/records/")])
            else:
                self._say(404, {"error": "no such record"})

        def _say(self, status: int, body: Any) -> None:
            content = json.dumps(body).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        do_GET = do_POST = _answer  # noqa: N815

        def log_message(self, format: str, *args: Any) -> None:
            return

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    state.url = f"http://127.0.0.1:{server.server_address[1]}"
    threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    try:
        yield state
    finally:
        server.shutdown()
        server.server_close()
'''

TEST_CLIENT = '''"""The client of $title, against a server that speaks its protocol."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from apps.core import egress
from apps.integrations.vendors.$vendor.client import Client
from apps.nodes.contract import NodeError
from tests.fakes.$vendor import $cls, ${vendor}_server


@pytest.fixture
def there() -> Iterator[$cls]:
    with ${vendor}_server() as found:
        yield found


@pytest.fixture
def client(there: $cls) -> Client:
    return Client(egress.door(egress.Policy.of([there.host])), base_url=there.url)


def test_what_is_made_can_be_read(client: Client) -> None:
    made = client.record_create("Ada", key="k")
    assert client.record(made["id"]) == {"id": "r-1", "name": "Ada"}


def test_a_repeat_makes_no_second_record(client: Client, there: $cls) -> None:
    assert client.record_create("Ada", key="k") == client.record_create("Ada", key="k")
    assert len(there.records) == 1


def test_a_refusal_says_why(client: Client) -> None:
    with pytest.raises(NodeError) as failed:
        client.record("../secret")
    assert failed.value.message.endswith("status 404: no such record")
    assert (failed.value.code, failed.value.retryable) == ("http.status", False)


@pytest.mark.parametrize("status", [429, 500, 503])
def test_what_passes_is_worth_another_try(client: Client, there: $cls, status: int) -> None:
    there.refuses.append(status)
    with pytest.raises(NodeError) as failed:
        client.record("r-1")
    assert failed.value.retryable
'''

_TEST_OAUTH = '''"""Accounts of $title: what is asked for, and where."""

from __future__ import annotations

from urllib.parse import urlsplit

from pydantic import SecretStr

from apps.integrations.oauth.exchange import Client, authorize_address
from apps.integrations.vendors.$vendor.credential_types.account import ${cls}Account

FIELDS = ${cls}Account.Fields(client_id="id", client_secret=SecretStr("secret"))


def test_people_are_sent_to_the_vendor_with_proof() -> None:
    provider = ${cls}Account().provider(FIELDS)
    url = authorize_address(provider, Client("id", "secret"), redirect_uri="https://here/", state="s", verifier="v")
    assert urlsplit(url).hostname == urlsplit(provider.token_url).hostname
    assert "code_challenge_method=S256" in url
    assert "secret" not in url
'''

_TEST_TOKEN = '''"""Tokens of $title: how they sign."""

from __future__ import annotations

from datetime import UTC, datetime

from pydantic import SecretStr

from apps.integrations.declare import Outgoing, Signing
from apps.integrations.vendors.$vendor.credential_types.account import ${cls}Token

FIELDS = ${cls}Token.Fields(token=SecretStr(" secret "))


def test_the_token_signs() -> None:
    request = Outgoing("GET", "https://api.$host/v1/me", {"accept": "*/*"}, b"")
    signed = ${cls}Token().sign(FIELDS, request, Signing(datetime.now(UTC)))
    assert signed.headers == {"accept": "*/*", "authorization": "Bearer secret"}
'''

TEST_TYPES = {"oauth2": _TEST_OAUTH, "token": _TEST_TOKEN}

TEST_NODE = '''"""$subtype, beyond its examples."""

from __future__ import annotations

from apps.integrations.vendors.$vendor.nodes.$vendor import $cls
from apps.nodes.contract import Done, Effect
from tests.nodes.running import FakeContext, FakeHttp, credentials_in, params_of

AUTH = {"kind": "credential", "credential": "0198c0de-0000-7000-8000-000000000001"}
CREATE = params_of($cls, {"auth": AUTH, "operation": {"type": "create", "name": "Ada"}})


def test_making_a_record_is_a_write_that_may_be_repeated() -> None:
    assert ($cls().effect(CREATE), $cls().honours_key(CREATE)) == (Effect.WRITE, True)


def test_the_vendor_gets_the_key() -> None:
    answer = {"status": 201, "json": {"id": "r-1", "name": "Ada"}}
    ctx = FakeContext(http=FakeHttp([answer]), known=credentials_in({"auth": AUTH}))
    assert $cls().run(CREATE, ctx) == Done({"id": "r-1", "name": "Ada"})
    assert ctx.http.seen[0]["headers"]["Idempotency-Key"] == "key-1"
'''
