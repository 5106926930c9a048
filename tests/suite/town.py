"""Northmoor for tests: the three services, their workers and the mail, in this process, on a clock that can be set."""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from playwright.sync_api import Browser, Page, expect

from shared.kernel.clock import FixedClock
from shared.platform.bus import Bus
from shared.platform.migrations import upgrade
from shared.platform.runtime import Runtime
from shared.platform.settings import embedded
from shared.platform.worker import run_worker
from shared.testing.browser import assert_well_made, served
from suite.composition import SPECS, web_application
from suite.demo.filling import open_authority
from suite.demo.staff import STAFF, Staff
from suite.demo.stage import Stage
from suite.mail_catcher import catching
from suite.serve import free_port


@dataclass
class Town:
    """The running suite and one browser; people sign in to it one after another."""

    runtime: Runtime
    clock: FixedClock
    address: str
    page: Page

    def sign_in(self, name: str) -> None:
        """Leave whoever is signed in, and pick a name."""
        self.page.context.clear_cookies()
        self.page.goto(f"{self.address}/sign-in")
        self.page.get_by_role("button", name=re.compile(rf"^{re.escape(name)}\b")).click()
        expect(self.page.get_by_role("button", name="Sign out")).to_be_visible()

    def go(self, path: str) -> None:
        """Open a page by its address."""
        self.page.goto(self.address + path)

    def follow(self, name: str | re.Pattern[str]) -> None:
        """Follow the first link of that name in the page's main part."""
        self.page.get_by_role("main").get_by_role("link", name=name).first.click()

    def press(self, name: str | re.Pattern[str]) -> None:
        """Press a button of the page's main part."""
        self.page.get_by_role("main").get_by_role("button", name=name, exact=isinstance(name, str)).click()

    def wait_for(self, path: str, words: str | re.Pattern[str], *, seconds: float = 20) -> None:
        """Open a page again and again until it shows these words: facts take a moment to travel."""

        def shown() -> bool:
            self.go(path)
            return self.page.get_by_role("main").get_by_text(words).count() > 0

        wait_until(shown, f"{path} to show {words}", seconds)

    def look(self, name: str) -> None:
        """Check the open page at both widths and keep a picture of it."""

        assert_well_made(self.page, f"walk-{name}", accessible_at=(1280,))


def wait_until(claim: Callable[[], bool], what: str, seconds: float = 20) -> None:
    """Wait until a claim is true; fails saying what was waited for."""
    pause = threading.Event()
    for _ in range(int(seconds / 0.1)):
        if claim():
            return
        pause.wait(0.1)
    raise AssertionError(f"Waited {seconds:.0f} s for {what}.")


@contextmanager
def open_town(home: Path, browser: Browser, now: datetime, staff: tuple[Staff, ...] = STAFF) -> Iterator[Town]:
    """Open the town with its schools and staff, and nobody in care yet."""
    port, smtp_port = free_port(), free_port()
    (home / "mail").mkdir()
    settings = embedded(home, port=port, smtp_port=smtp_port, secret="a secret for tests only", environ={})
    clock = FixedClock(now)
    runtime = Runtime(settings, clock)
    for spec in SPECS:
        upgrade(runtime.database(spec.name), spec)
    with Stage(runtime, SPECS) as stage:
        open_authority(stage, staff)
    stop = threading.Event()
    worker = threading.Thread(target=run_worker, args=(SPECS, runtime, stop), kwargs={"bus": Bus(settings.broker)})
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    try:
        with catching(runtime), served(web_application(runtime), port) as address:
            worker.start()
            page = context.new_page()
            page.set_default_timeout(10_000)
            yield Town(runtime, clock, address, page)
    finally:
        context.close()
        stop.set()
        worker.join(20)
        runtime.close()
