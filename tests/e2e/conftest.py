"""One product and one browser for all tests of this folder; every page's complaints are counted against its test.

Everything is torn down with the last test of this folder, not of the run: while Playwright is at work its thread has
an event loop, which other tests would trip over.
"""

from __future__ import annotations

from collections.abc import Generator, Iterator

import pytest
from playwright.sync_api import APIRequestContext, Browser, Playwright, StorageState, expect, sync_playwright

from config.embedded.services import REPOSITORY
from tests.chaos.world import free_port
from tests.e2e.browser import ARGUMENTS, PATIENCE_MS, Tabs, find_browser
from tests.e2e.product import Product, product
from tests.fakes.collector import Collector, collector
from tests.fakes.mcp import McpServer, mcp_server
from tests.fakes.oauth import OAuthServer, oauth_server
from tests.fakes.openai import OpenAI, openai_server
from tests.fakes.receiver import Receiver, receiver
from tests.services import folder_for_servers

PICTURES = REPOSITORY / "var" / "e2e"
"""What the pages looked like when a test failed."""
METRICS_TOKEN = "figures-for-tests"
_failed = pytest.StashKey[bool]()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Let fixtures know that their test failed."""
    report = yield
    item.stash[_failed] = item.stash.get(_failed, False) or report.failed
    return report


@pytest.fixture(scope="package")
def playwright() -> Iterator[Playwright]:
    """Playwright, as long as tests of this folder run."""
    expect.set_options(timeout=PATIENCE_MS)
    with sync_playwright() as running:
        yield running


@pytest.fixture(scope="package")
def browser(playwright: Playwright) -> Iterator[Browser]:
    """A Chromium."""
    launched = playwright.chromium.launch(executable_path=find_browser(), args=ARGUMENTS)
    yield launched
    launched.close()


@pytest.fixture(scope="package")
def vendor() -> Iterator[Receiver]:
    """Somebody else's server, which workflows may call."""
    with receiver() as made:
        yield made


@pytest.fixture(scope="package")
def provider() -> Iterator[OAuthServer]:
    """Somebody else's sign-in, with an API behind it."""
    with oauth_server() as made:
        yield made


@pytest.fixture(scope="package")
def spans() -> Iterator[Collector]:
    """Where the product sends its spans."""
    with collector() as made:
        yield made


@pytest.fixture(scope="package")
def language_model() -> Iterator[OpenAI]:
    """A provider of language models."""
    with openai_server() as made:
        yield made


@pytest.fixture(scope="package")
def tool_server() -> Iterator[McpServer]:
    """An MCP server; its tools are each test's own."""
    with mcp_server() as made:
        yield made


@pytest.fixture(scope="package")
def running(
    browser: Browser,
    vendor: Receiver,
    provider: OAuthServer,
    spans: Collector,
    language_model: OpenAI,
    tool_server: McpServer,
) -> Iterator[Product]:
    """The product, with everything on by which it can be seen inside; started only where there is a browser."""
    seen = {
        "LOG_FORMAT": "json",
        "METRICS_TOKEN": METRICS_TOKEN,
        "OTEL_EXPORTER_OTLP_ENDPOINT": spans.url,
        "OTEL_BSP_SCHEDULE_DELAY": "200",
    }
    others = ",".join(each.host for each in (vendor, provider, language_model, tool_server))
    with (
        folder_for_servers("agentflow-e2e") as folder,
        product(folder, free_port(), allow=others, **seen) as made,
    ):
        yield made


@pytest.fixture(scope="package")
def signed_in(browser: Browser, running: Product) -> StorageState:
    """The session of the demo workspace's owner, who came by the printed link."""
    tabs = Tabs(browser, running.url)
    try:
        page = tabs.open()
        page.goto(running.link)
        page.get_by_role("button", name="Sign in").click()
        page.wait_for_url("**/w/demo/")
        session = page.context.storage_state()
    finally:
        tabs.close()
    assert not tabs.unexpected(), "\n".join(tabs.unexpected())
    return session


@pytest.fixture
def tabs(browser: Browser, running: Product, request: pytest.FixtureRequest) -> Iterator[Tabs]:
    """Pages for one test. Afterwards nothing may have been complained about that the test did not expect."""
    opened = Tabs(browser, running.url)
    yield opened
    if request.node.stash.get(_failed, False):
        PICTURES.mkdir(parents=True, exist_ok=True)
        for number, page in enumerate(opened.pages()):
            page.screenshot(path=PICTURES / f"{request.node.name}-{number}.png", full_page=True)
    opened.close()
    assert not opened.unexpected(), "\n".join(opened.unexpected())


@pytest.fixture(scope="package")
def api(playwright: Playwright, running: Product) -> Iterator[APIRequestContext]:
    """The API of the demo workspace, as a program with a key uses it."""
    context = playwright.request.new_context(
        base_url=f"{running.url}/api/v1/app/", extra_http_headers={"Authorization": f"Bearer {running.key}"}
    )
    yield context
    context.dispose()
