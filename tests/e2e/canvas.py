"""What can be seen on the page of one execution, while it runs and afterwards."""

from __future__ import annotations

from playwright.sync_api import Locator, Page, expect


def node(page: Page, node_id: str) -> Locator:
    """The card of a node, which carries its state and its colour."""
    return page.locator(f'.react-flow__node[data-id="{node_id}"] .card-node')


def sees(page: Page, status: str, **states: str) -> None:
    """That the page comes to show these states of nodes and, in its header, this status of the execution."""
    for node_id, state in states.items():
        expect(node(page, node_id)).to_have_attribute("data-state", state)
    expect(page.locator("#execution-status")).to_have_attribute("data-status", status)


def rests(page: Page) -> None:
    """That the view stands still, as it does a few frames after a panel came or went: then places can be read."""
    page.evaluate(
        """() => new Promise(done => {
            let before = '', frames = 0
            const look = () => {
                const now = document.querySelector('.react-flow__viewport').style.transform
                frames = now === before ? frames + 1 : 0
                before = now
                if (frames > 4) done()
                else requestAnimationFrame(look)
            }
            look()
        })"""
    )


def mark(page: Page) -> None:
    """Leave something on the page that does not survive a reload."""
    page.evaluate("window.isTheSamePage = true")


def is_marked(page: Page) -> bool:
    """Whether the page is still the one that was marked."""
    return bool(page.evaluate("window.isTheSamePage === true"))
