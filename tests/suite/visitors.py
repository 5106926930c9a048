"""The suite as browsers meet it: the three services in this process, which hear of one another when told to."""

from __future__ import annotations

import re
import shutil
from datetime import datetime, timedelta
from pathlib import Path

from werkzeug.test import Client, TestResponse

from shared.contracts.roles import Role
from shared.kernel.clock import FixedClock
from shared.platform import roster
from shared.platform.access import actor_for
from shared.platform.runtime import Runtime
from shared.testing.bus import deliver_everything
from shared.testing.runtimes import MONDAY_MORNING, add_person, make_runtime
from suite.composition import SPECS, web_application

FIREFOX = "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:145.0) Gecko/20100101 Firefox/145.0"
PHONE = (
    "Mozilla/5.0 (iPhone; CPU iPhone OS 19_0 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) "
    "Version/19.0 Mobile/15E148 Safari/604.1"
)
HOMES = ("/pep/", "/scheduling/", "/virtual_school/")


def make_home(home: Path) -> Path:
    """Fill a home with two people of the Virtual School, once for all tests of a file."""
    runtime = make_runtime(home, SPECS)
    for spec in SPECS:
        add_person(runtime, spec, "head", Role.VIRTUAL_SCHOOL_HEAD)
        add_person(runtime, spec, "casey", Role.VIRTUAL_SCHOOL_CASEWORKER)
    runtime.close()
    return home


class Browser:
    """One person's browser."""

    def __init__(self, suite: Suite, device: str = FIREFOX) -> None:
        self.client = Client(suite.application)
        self.how = {"environ_overrides": {"REMOTE_ADDR": "127.0.0.1"}, "headers": {"User-Agent": device}}

    def get(self, path: str) -> TestResponse:
        return self.client.get(path, **self.how)  # type: ignore[arg-type]

    def post(self, path: str, seen_on: str, **data: str) -> TestResponse:
        token = re.search(r'name="csrf_token" value="([^"]*)"', self.get(seen_on).text)
        assert token is not None
        return self.client.post(path, data={"csrf_token": token[1], **data}, **self.how)  # type: ignore[arg-type]

    def sign_in(self, person: str) -> Browser:
        assert self.post("/sign-in", "/sign-in", person=person).location == "/pep/"
        return self

    def is_in(self) -> list[bool]:
        return [self.get(path).status_code == 200 for path in HOMES]

    @property
    def cookie(self) -> str:
        cookie = self.client.get_cookie("pep_suite")
        assert cookie is not None
        return cookie.value


class Suite:
    """The three services on a copy of a home made by `make_home`; they hear of one another when told to `deliver`."""

    def __init__(self, made: Path, home: Path, now: datetime = MONDAY_MORNING) -> None:
        for file in made.iterdir():
            shutil.copy(file, home / file.name)
        self.runtime: Runtime = make_runtime(home, [], now)
        with self.runtime.database("pep").reading() as connection:
            head = roster.person(connection, "head")
        assert head is not None
        self.head = actor_for(head)
        self.application = web_application(self.runtime)

    def again(self) -> Suite:
        """Start the web process anew, with nothing in its memory."""
        self.application = web_application(self.runtime)
        return self

    def deliver(self) -> None:
        deliver_everything(self.runtime, SPECS)

    def wait(self, time: timedelta) -> None:
        assert isinstance(self.runtime.clock, FixedClock)
        self.runtime.clock.set(self.runtime.clock.now() + time)
