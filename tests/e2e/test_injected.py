"""What attackers write into names, notes, data and errors is shown as they wrote it: nothing runs, no page moves."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from playwright.sync_api import APIRequestContext, Dialog, Page, Request, StorageState, WebSocketRoute, expect

from tests.e2e.browser import PHONE, WIDE, Tabs
from tests.e2e.orders import await_status, question_of, read, write

pytestmark = [pytest.mark.browser, pytest.mark.timeout(300)]

RUN = "window.pwned=1"
STRINGS = (
    f"<script>{RUN}</script>",
    f"</script><script>{RUN}</script>",
    f"<!--<script>{RUN}</script>",
    f"<ScRiPt/src=data:,{RUN}></sCrIpT>",
    f"<img src=x onerror={RUN}>",
    f"\"><img src=x onerror='{RUN}'>",
    f"'><svg/onload={RUN}>",
    f"<svg><animate onbegin={RUN} attributeName=x dur=1s>",
    f"<svg><script href=data:,{RUN}></script></svg>",
    f"<math><mtext><table><mglyph><style><img src=x onerror={RUN}>",
    f"<body onload={RUN}>",
    f"<details open ontoggle={RUN}>",
    f"<input autofocus onfocus={RUN}>",
    f"<video><source onerror={RUN}></video>",
    f'<iframe srcdoc="<script>parent.{RUN}</script>">',
    f"<iframe src=javascript:parent.{RUN}>",
    f"<object data=javascript:{RUN}>",
    f"<a href=javascript:{RUN}>press</a>",
    f"<form action=javascript:{RUN}><button>press",
    f"<meta http-equiv=refresh content=0;url=javascript:{RUN}>",
    "<base href=//evil.example/>",
    "<link rel=stylesheet href=//evil.example/x.css>",
    "<style>*{display:none}</style>",
    "<plaintext>",
    "</title></style></textarea></template></noscript>",
    f"]]><svg onload={RUN}>",
    f"javascript:{RUN}",
    f"JaVaScRiPt\t:{RUN}//https://x",
    f"data:text/html,<script>opener.{RUN}</script>",
    f"' onmouseover={RUN} x='",
    f'" style="position:fixed;inset:0" onclick="{RUN}" x="',
    f"{{{{constructor.constructor('{RUN}')()}}}}",
    f"{{% include 'x' %}}{{{{ 7*7 }}}}${{{RUN}}}<%= {RUN} %>#{{{RUN}}}",
    f"`${{{RUN}}}`",
    f"\\x3cscript\\x3e{RUN}\\u003c/script\\u003e",
    f"&lt;script&gt;{RUN}&#60;/script&#62;",
    f"＜script＞{RUN}＜/script＞",
    f"![x](javascript:{RUN}) [y](//evil.example)",
    "\u202etxt.exe\u202c\u2066\u200b\ufeff\u00ad\u0301" + "\u0336" * 30,
    "'; DROP TABLE workflows; -- \u2028\u2029",
    "__proto__",
    "constructor",
    "W" * 99,
)
"""Each in every place that people or programs can fill."""
LISTEN = """() => {
  window.violations = [];
  document.addEventListener("securitypolicyviolation", ({ violatedDirective, blockedURI, sample }) =>
    window.violations.push(`${violatedDirective} ${blockedURI} ${sample}`));
}"""
FOUND = """() => [
  ...(window.pwned ? ["something ran"] : []),
  ...(({}).polluted || ({}).text ? ["the prototype of every object was changed"] : []),
  ...window.violations,
  ...(document.querySelector("base, iframe, object, plaintext, [http-equiv=refresh]") ? ["markup was obeyed"] : []),
  ...(document.documentElement.scrollWidth > innerWidth ? [`scrolls sideways at ${innerWidth} px`] : []),
]"""
ALL = " ".join(STRINGS)
ODD = {"__proto__": {"polluted": True}, "constructor": {"prototype": {"polluted": True}}, ALL[:60]: ALL}


def step(place: int, text: str) -> dict[str, Any]:
    return {
        "id": f"n{place}",
        "name": text[:100],
        "type": "ACTION",
        "subtype": "TRANSFORM",
        "params": {"fields": [{"name": "text", "value": f"{{{{ $trigger.input.texts[{place}] }}}}"}]},
        "notes": text,
        "position": {"x": 260 * (place % 7 + 1), "y": 110 * (place // 7)},
        "pinned_output": {"text": text, **ODD},
    }


def definition(extra: dict[str, Any], links: list[dict[str, Any]]) -> dict[str, Any]:
    steps = [step(place, text) for place, text in enumerate(STRINGS)]
    start = {"id": "t", "name": "Start", "type": "TRIGGER", "subtype": "MANUAL", "position": {"x": 0, "y": 0}}
    end = {**extra, "position": {"x": 0, "y": 300}}
    frame = {"kind": "frame", "position": {"x": -40, "y": -60}, "width": 2200, "height": 900}
    return {
        "nodes": [start, *steps, end],
        "connections": [
            *({"from": "t", "port": "main", "to": each["id"]} for each in steps),
            {"from": "t", "port": "main", "to": end["id"]},
            *links,
        ],
        "annotations": [
            {"id": "frame", "text": ALL, **frame, "author": ALL[:200], "written_at": STRINGS[4][:40]},
            {"id": "note", "text": "N" * 10_000, "position": {"x": 0, "y": 420}, "author": STRINGS[5]},
            {"id": "other", "text": ALL, "position": {"x": 0, "y": 1000}},
        ],
        "settings": {},
    }


def made(api: APIRequestContext, extra: dict[str, Any], name: str, links: list[dict[str, Any]] | None = None) -> str:
    """A published workflow with every string in every place of it."""
    shape = definition(extra, links or [])
    texts = [re.sub(r"[/,]", "", text)[:40].strip() for text in STRINGS]
    about = {"name": name[:200], "description": ALL + "D" * 5_000, "folder": texts[4], "tags": texts[:18]}
    workflow = str(write(api, "workflows/", {**about, "definition": shape})["id"])
    write(api, f"workflows/{workflow}/publish/", {"note": ALL})
    return workflow


def test_what_is_written_anywhere_is_shown_and_never_run(
    api: APIRequestContext, signed_in: StorageState, tabs: Tabs
) -> None:
    few = " ".join(f"{{{{ $json.texts[{place}] }}}}" for place in (1, 4, 6, 17))
    ask = {"title": few, "message": "{{ $json.all }}", "data": {"all": "{{ $json }}", STRINGS[4]: few}}
    asked = {"id": "ask", "name": "Ask", "type": "HUMAN_IN_THE_LOOP", "subtype": "CONFIRMATION", "params": ask}
    end = {"outcome": "error", "message": "{{ $json.all }}"}
    stop = {"id": "stop", "name": "Stop", "type": "FLOW", "subtype": "STOP", "params": end}
    given = {"input": {"texts": STRINGS, "all": ALL, **ODD}}
    waits = made(api, asked, f"{STRINGS[4]} waits")
    fails = made(api, stop, f"{STRINGS[1]} fails")
    waiting = str(write(api, f"workflows/{waits}/execute/", given)["id"])
    failed = str(write(api, f"workflows/{fails}/execute/", given)["id"])
    await_status(api, waiting, "WAITING_FOR_HUMAN")
    await_status(api, failed, "ERROR")
    question = question_of(api, waiting)

    page = tabs.open(storage_state=signed_in)
    said: list[str] = []

    def heard(dialog: Dialog) -> None:
        said.append(f"a dialog: {dialog.message}")
        dialog.dismiss()

    page.on("dialog", heard)
    page.on("request", lambda request: said.extend(_elsewhere(request)))
    page.add_init_script(f"({LISTEN})()")
    page.route_web_socket(re.compile("/ws/workflows/"), _somebody)

    w = "/w/demo"
    for address in (
        f"{w}/workflows/?q=script",
        f"{w}/workflows/{waits}/history/",
        f"{w}/workflows/{waits}/settings/",
        f"{w}/executions/",
        f"{w}/executions/compare/?a={waiting}&b={failed}",
        f"{w}/executions/{failed}/log/",
        f"{w}/inbox/",
        f"{w}/inbox/{question}/",
        f"{w}/settings/audit/",
    ):
        page.goto(address)
        expect(page.get_by_role("main")).to_be_visible()
        look(page, said, address)
    for execution in (waiting, failed):
        page.goto(f"{w}/executions/{execution}/")
        expect(page.locator(".react-flow__node").first).to_be_visible()
        page.locator('.react-flow__node[data-id="n1"]').click()
        expect(page.get_by_role("heading", name=STRINGS[1]).first).to_be_attached()
        look(page, said, f"execution {execution}")

    page.goto(f"{w}/workflows/{waits}/")
    expect(page.locator(".react-flow__node")).to_have_count(len(STRINGS) + 2 + 3)
    expect(page.locator("#editor-presence li")).to_have_count(1)
    page.wait_for_load_state("networkidle")
    look(page, said, "editor")
    for node in ("n1", "n40", "n42"):
        page.locator(f'.react-flow__node[data-id="{node}"]').dispatch_event("click")
        expect(page.locator(".node-panel")).to_be_visible()
        look(page, said, f"panel of {node}")
        page.keyboard.press("Escape")
    definition = read(api, f"workflows/{waits}/")["definition"]
    assert [each["name"] for each in definition["nodes"]][1:-1] == [text[:100] for text in STRINGS]


def look(page: Page, said: list[str], where: str) -> None:
    """Nothing ran, nothing was tried, and nothing sticks out; wide and on a phone."""
    for width, height in (PHONE, WIDE):
        page.set_viewport_size({"width": width, "height": height})
        found = [*said, *page.evaluate(FOUND)]
        assert not found, f"{where}: {found}"


def _elsewhere(request: Request) -> list[str]:
    return [f"asked for {request.url}"] if "evil.example" in request.url or request.url.endswith("/x") else []


def _somebody(socket: WebSocketRoute) -> None:
    """Others who are here, with names of their making."""
    person = {"id": "1", "name": ALL, "initials": STRINGS[4], "hue": STRINGS[30]}
    note = {"kind": "here", "peer": "__proto__", "person": person, "chosen": ["constructor", "n1"], "open": "__proto__"}
    for message in (
        {"kind": "you", "peer": "me", "revision": 1},
        note,
        {"kind": "cursor", "peer": "__proto__", "at": [5, 5]},
        {**note, "peer": "constructor"},
        {"kind": "cursor", "peer": "toString", "at": [5, 5]},
    ):
        socket.send(json.dumps(message))
