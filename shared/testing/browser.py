"""A real browser for tests: Chromium, axe-core, no overflow, screenshots.

`chromium()` gives the browser; `Served(app)` serves a WSGI app on a free loopback port. Where there is no Chromium the
tests are skipped, unless `CI=true`: then its absence is a failure.
"""

from __future__ import annotations

import os
import shutil
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from wsgiref.types import WSGIApplication

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, sync_playwright
from waitress.server import create_server

WIDTHS = (1280, 360)
SCREENSHOTS = Path(__file__).resolve().parents[2] / ".screenshots"
AXE_TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
QUIET = [
    "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--disable-background-networking",
    "--disable-component-update",
    "--disable-default-apps", "--disable-domain-reliability", "--disable-sync", "--metrics-recording-only",
    "--no-first-run", "--no-default-browser-check",
]  # fmt: skip


def find_chromium() -> str:
    """Return the path of Chromium; without one the test is skipped, or fails where CI is true."""
    for name in ("chromium", "chromium-browser", "google-chrome"):
        found = shutil.which(name)
        if found:
            return found
    if os.environ.get("CI", "").lower() == "true":
        pytest.fail("Chromium is not installed, and CI=true asks for it.")
    pytest.skip("Chromium is not installed.")


@contextmanager
def chromium() -> Iterator[Browser]:
    """Open Chromium without a window; it is closed at the end."""
    path = find_chromium()
    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=path, args=QUIET)
        try:
            yield browser
        finally:
            browser.close()


@contextmanager
def served(app: WSGIApplication, port: int = 0) -> Iterator[str]:
    """Serve an app on a loopback port (a free one unless it is given) in a thread; gives its address."""
    server: Any = create_server(app, host="127.0.0.1", port=port, threads=4)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.effective_port}"
    finally:
        server.close()
        thread.join(5)


def assert_accessible(page: Page) -> None:
    """Fail when axe-core finds any violation of WCAG 2.2 AA or of its best practice."""
    found = Axe().run(page, options={"runOnly": AXE_TAGS}).response["violations"]
    told = [
        f"{violation['id']}: {violation['help']}\n    "
        + "\n    ".join(f"{node['target']} {node['html'][:160]}" for node in violation["nodes"][:5])
        for violation in found
    ]
    assert not told, f"{page.url} is not accessible:\n" + "\n".join(told)


def assert_no_overflow(page: Page) -> None:
    """Fail when the page is wider than the window, and name what sticks out."""
    over = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    if over > 0:
        culprits = page.evaluate(
            """[...document.querySelectorAll('body *')]
            .filter(e => e.getBoundingClientRect().right > document.documentElement.clientWidth + 1
                         && !e.closest('.suite-scroll'))
            .slice(0, 5).map(e => e.tagName + '.' + e.className)"""
        )
        raise AssertionError(f"{page.url} is {over} px wider than {page.viewport_size}: {culprits}")


def assert_well_made(page: Page, name: str, *, accessible_at: Sequence[int] = WIDTHS) -> None:
    """Check the page open now at every width: accessible, no overflow, no literal None.

    With PEP_SUITE_SCREENSHOTS=yes a picture of each is kept in `.screenshots/`, to be looked at.
    A walk through many pages may ask for axe at one width only, where each page has a test of its own as well.
    """
    keep_pictures = os.environ.get("PEP_SUITE_SCREENSHOTS") == "yes"
    before = page.viewport_size
    for width in WIDTHS:
        page.set_viewport_size({"width": width, "height": 900})
        assert_no_overflow(page)
        if width in accessible_at:
            assert_accessible(page)
        if keep_pictures:
            page.screenshot(path=SCREENSHOTS / f"{name}-{width}.png", full_page=True)
    if before is not None:
        page.set_viewport_size(before)
    words = page.inner_text("body").split()
    assert "None" not in words, f"{page.url} says None"
