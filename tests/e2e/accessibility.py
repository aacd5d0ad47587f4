"""Asks axe-core, in the page, what people with assistive technology would stumble over."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page

from config.embedded.services import REPOSITORY

SCRIPT = REPOSITORY / "static" / "node_modules" / "axe-core" / "axe.min.js"
RUN = """async () => {
  const found = await axe.run(document, { resultTypes: ["violations"] });
  return found.violations
    .filter(({ impact }) => impact === "serious" || impact === "critical")
    .flatMap(({ id, nodes }) => nodes.map((node) => `${id} at ${node.target}: ${node.failureSummary} ${node.html}`));
}"""
SETTLED = """() => document.getAnimations().every(({ playState, effect }) =>
  playState !== "running" || effect.getComputedTiming().endTime === Infinity)"""


def barriers(page: Page) -> list[str]:
    """Serious and critical violations on the page as it stands. Skips where npm's packages are not installed."""
    if not SCRIPT.exists():
        pytest.skip("axe-core is not installed: `npm ci` in static/")
    page.wait_for_function(SETTLED)
    if not page.evaluate("() => 'axe' in window"):
        page.evaluate(SCRIPT.read_text())  # not as a script tag: the page's own policy would refuse it
    found = page.evaluate(RUN)
    assert isinstance(found, list)
    return found
