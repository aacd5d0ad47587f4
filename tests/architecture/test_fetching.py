"""Everything that fetches an address somebody else may choose, against every way of writing an inner address.

A server on this machine stands for what must not be reached, and counts. Who adds a feature that fetches adds it here:
the last test compares this list with the code.
"""

from __future__ import annotations

import re
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import nullcontext, suppress
from types import SimpleNamespace
from typing import Any
from uuid import uuid4

import pytest
from pydantic import SecretStr

from apps.accounts.access.actor import system
from apps.accounts.web.adapter import SocialAccountAdapter
from apps.ai.gateway import Caller, Gateway, media
from apps.ai.services import listing, servers
from apps.core.clock import now
from apps.core.errors import DomainError
from apps.executions import completion
from apps.executions.worker import outward
from apps.hil.channels import webhook
from apps.hil.models import ChannelKind, ChannelSetup
from apps.integrations import selectors as integrations
from apps.integrations import services
from apps.integrations.credential_types.bearer import Bearer
from apps.integrations.credential_types.oauth2 import OAuth2
from apps.integrations.oauth import connecting, exchange
from apps.integrations.oauth.exchange import Client
from apps.integrations.opened import Opened
from apps.integrations.services import proving
from apps.integrations.vendors.compatible.credential_types.compatible_endpoint import CompatibleEndpoint
from apps.integrations.vendors.ollama.credential_types.ollama_server import OllamaServer
from apps.nodes.builtin.actions.http_request import HttpRequest
from apps.nodes.contract import Media, Message, ModelRef, NodeError
from apps.nodes.params import ParamsInvalid
from config.embedded.services import REPOSITORY
from tests.core.test_egress import HOSTS, TRICKS
from tests.nodes import running
from tests.services import NetworkBlocked

Fetch = Callable[[str], object]
FETCHERS: dict[str, tuple[str, Fetch]] = {}


def fetcher(place: str) -> Callable[[Fetch], Fetch]:
    """`place` is where the code takes the door: `file: function`."""

    def listed(fetch: Fetch) -> Fetch:
        FETCHERS[fetch.__name__] = (place, fetch)
        return fetch

    return listed


class _FirstPage:
    """An innocent first page that leads to `url`, and the real door behind it."""

    def __init__(self, url: str) -> None:
        self.first = running.FakeHttp([{"json": {"items": [1], "next": url}}])

    def request(self, method: str, url: str, **given: Any) -> Any:
        return (self.first if self.first.answers else outward.door()).request(method, url, **given)


@fetcher("apps/executions/worker/outward.py: plain")
def http_request(url: str) -> object:
    return running.run(HttpRequest, {"url": url}, http=outward.door())


@fetcher("apps/executions/worker/prepare.py: _ready")
def next_page(url: str) -> object:
    params = {"url": "https://api.example.com/", "pagination": {"type": "next_url", "items": "items", "next": "next"}}
    return running.run(HttpRequest, params, http=_FirstPage(url))


@fetcher("apps/executions/completion.py: completion_send")
def completion_webhook(url: str) -> object:
    wanted = SimpleNamespace(url=url, secret=None, statuses=("SUCCESS",))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(completion, "_wanted", lambda *_: wanted)
        patch.setattr(completion, "tenant", lambda *_: nullcontext())
        patch.setattr(completion, "selectors", SimpleNamespace(execution_get=lambda **_: SimpleNamespace(version_id=1)))
        patch.setattr(completion, "body_of", lambda *_: {})
        return completion.completion_send(
            SimpleNamespace(id=uuid4(), workspace_id=uuid4(), subject_id=uuid4())  # type: ignore[arg-type]
        )


@fetcher("apps/integrations/services/proving.py: ask")
def credential_test(url: str) -> object:
    fields = Bearer.Fields.model_construct(token=SecretStr("s3cret"), test_url=url)
    return proving.ask(Opened(id=uuid4(), name="Key", kind=Bearer(), fields=fields))


def _oauth(**given: Any) -> Any:
    fields: dict[str, Any] = {
        "client_id": "id",
        "client_secret": SecretStr("s3cret"),
        "token_url": "https://example.com/token",
    } | given
    return OAuth2.Fields.model_construct(**fields)


@fetcher("apps/integrations/oauth/exchange.py: _post")
def oauth_token(url: str) -> object:
    return exchange.tokens_of_client(OAuth2().provider(_oauth(token_url=url)), Client("id", "s3cret"))


@fetcher("apps/integrations/oauth/connecting.py: _account")
def oauth_account(url: str) -> object:
    found = Opened(id=uuid4(), name="Account", kind=OAuth2(), fields=_oauth(account_url=url))
    return connecting._account(found, exchange.Tokens("token", "", None, ""))


@fetcher("apps/accounts/web/adapter.py: get_requests_session")
def sign_in_provider(url: str) -> object:
    return SocialAccountAdapter().get_requests_session().get(url, timeout=1)


@fetcher("apps/hil/channels/webhook.py: post")
def question_webhook(url: str) -> object:
    return webhook.post(ChannelSetup(kind=ChannelKind.WEBHOOK, settings={"url": url}), {}, now())


def _model(url: str) -> Opened:
    kind = CompatibleEndpoint()
    return Opened(id=uuid4(), name="Models", kind=kind, fields=kind.Fields.model_construct(base_url=url))


@fetcher("apps/ai/gateway/asking.py: _line")
def picture_of_a_prompt(url: str) -> object:
    ref = ModelRef(provider="custom", model="m", credential=uuid4())
    line, _ = Gateway(Caller(uuid4()), lambda *_: _model("https://models.example.com"))._line(ref)
    picture = Media(kind="image", media_type="image/png", url=url)
    with suppress(TypeError):  # an empty address is none, and nothing is fetched
        media.ready(Message(role="user", parts=(picture,)), "custom", None, line.door)
    return None


@fetcher("apps/ai/services/listing.py: models_listed")
def models_of_an_endpoint(url: str) -> object:
    row = SimpleNamespace(type="openai_compatible", name="Models")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(listing, "tenant", lambda *_: nullcontext())
        patch.setattr(integrations, "credential", lambda *_: row)
        patch.setattr(services, "require_use", lambda *_: None)
        patch.setattr(services, "credential_open", lambda **_: _model(url))
        return listing.models_listed(workspace_id=uuid4(), actor=system("test"), credential_id=uuid4())


@fetcher("apps/ai/services/servers.py: _client")
def ollama_server(url: str) -> object:
    kind = OllamaServer()
    opened = Opened(id=uuid4(), name="Ollama", kind=kind, fields=kind.Fields.model_construct(base_url=url))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(services, "credential_open", lambda **_: opened)
        return servers._client(uuid4(), uuid4()).version()


OPERATORS = {
    "apps/hil/channels/slack.py: client_of": "Slack's own address, which no workspace can change",
    "apps/integrations/vault/transit.py: __init__": "the operator's key store",
    "apps/executions/payloads/s3.py: __init__": "the operator's bucket",
    "apps/integrations/scaffold/texts.py: client": "the text of a new integration's test",
}


class Canary:
    """Counts who connects, and hangs up."""

    def __init__(self) -> None:
        self._listening = socket.create_server(("127.0.0.1", 0), backlog=64)
        self.port = self._listening.getsockname()[1]
        self.connections = 0
        self._thread = threading.Thread(target=self._count, daemon=True)
        self._thread.start()

    def _count(self) -> None:
        with suppress(OSError):
            while True:
                found, _ = self._listening.accept()
                self.connections += 1
                found.close()

    def close(self) -> None:
        self._listening.shutdown(socket.SHUT_RDWR)
        self._listening.close()
        self._thread.join()


@pytest.fixture
def inner() -> Iterator[Canary]:
    made = Canary()
    yield made
    made.close()


@pytest.mark.django_db
@pytest.mark.parametrize("name", FETCHERS)
def test_no_feature_reaches_an_inner_address(inner: Canary, name: str, settings: Any) -> None:
    settings.EGRESS_ALLOW = []
    urls = [f"{scheme}://{host}:{inner.port}/" for host in HOSTS for scheme in ("http", "https")]
    urls += [trick.format(port=inner.port) for trick in TRICKS if not trick.startswith("http://ok.com#")]
    assert len(urls) >= 60
    for url in urls:
        with suppress(NodeError, DomainError, ParamsInvalid, NetworkBlocked, OSError, ValueError):
            FETCHERS[name][1](url)
    assert inner.connections == 0


@pytest.mark.django_db
@pytest.mark.parametrize("name", FETCHERS)
def test_each_of_them_fetches_what_it_may(inner: Canary, name: str, settings: Any) -> None:
    settings.EGRESS_ALLOW = [f"127.0.0.1:{inner.port}"]
    with suppress(NodeError, DomainError, OSError, ValueError):
        FETCHERS[name][1](f"http://127.0.0.1:{inner.port}/")
    assert (inner.connections == 0) == (name == "next_page")  # which has to be where the first one was


def test_every_feature_that_fetches_is_listed() -> None:
    doors = re.compile(r"egress\.door\(|outward\.door\(|HttpDoor\(")
    found = set()
    for path in sorted((REPOSITORY / "apps").rglob("*.py")):
        place = str(path.relative_to(REPOSITORY))
        if place.startswith("apps/core/egress/"):
            continue
        function = ""
        for line in path.read_text().splitlines():
            if named := re.match(r"\s*(?:async )?def (\w+)", line):
                function = named[1]
            if doors.search(line):
                found.add(f"{place}: {function}")
    assert found == {place for place, _ in FETCHERS.values()} | set(OPERATORS)
