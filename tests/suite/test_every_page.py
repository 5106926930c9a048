"""Every kind of page, as each kind of person, in the filled authority: sound, reachable, and changing nothing."""

from __future__ import annotations

import hashlib
import re
import sqlite3
from collections import Counter, deque
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urljoin, urlsplit

import pytest
from werkzeug.test import Client

from shared.contracts.roles import Role
from shared.platform.roster import Person
from shared.platform.runtime import Runtime
from shared.platform.settings import SERVICES
from shared.testing.pages import check_page, read_elements
from suite.composition import everybody, runtime_for, web_application
from suite.home import Home
from suite.preparing import prepare

PAGES_OF_A_KIND = 2
HERE = {"REMOTE_ADDR": "127.0.0.1"}
SHAPE = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}|\d{4}-\d\d-\d\d|\d{4,}")


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Runtime]:
    home = Home(tmp_path_factory.mktemp("every-page"))
    home.make()
    home.remember(port=8600, smtp_port=8601)
    prepare(home, empty=False)
    runtime = runtime_for(home)
    yield runtime
    runtime.close()


class Walker:
    """One person, following every link they see."""

    def __init__(self, client: Client, person: Person) -> None:
        self.client = client
        self.person = person
        self.kinds: Counter[str] = Counter()
        self.faults: list[str] = []
        token = re.search(r'name="csrf_token" value="([^"]*)"', client.get("/sign-in", environ_overrides=HERE).text)
        assert token is not None
        entered = client.post("/sign-in", data={"person": person.id, "csrf_token": token[1]}, environ_overrides=HERE)
        assert entered.status_code == 303

    def walk(self) -> None:
        """Open two pages of each kind that the person's pages lead to, starting from their work."""
        to_open = deque([("/pep/", "signing in")])
        opened: set[str] = set()
        while to_open:
            address, came_from = to_open.popleft()
            kind = SHAPE.sub("…", urlsplit(address).path)
            if address in opened or self.kinds[kind] >= PAGES_OF_A_KIND:
                continue
            opened.add(address)
            self.kinds[kind] += 1
            to_open.extend((link, address) for link in self.open(address, came_from))

    def open(self, address: str, came_from: str) -> list[str]:
        """Open one page, note its faults, and return where its links lead."""
        answer = self.client.get(address)
        try:
            if answer.status_code == 302 and not answer.location.startswith("/sign-in"):  # it knows the way to another
                return [urljoin(address, answer.location)]
            if answer.status_code != 200:
                self.faults.append(f"{address}, linked from {came_from}, answers {answer.status_code}")
                return []
            if answer.mimetype != "text/html":
                return []
            page = answer.text
        finally:
            answer.close()
        try:
            check_page(page)
        except AssertionError as fault:
            self.faults.append(f"{address}: {fault}")
        links = (urljoin(address, one.attributes.get("href", "")) for one in read_elements(page) if one.tag == "a")
        return [link.partition("#")[0] for link in links if link.startswith("/") and not link.startswith("//")]


def one_of_each_kind(people: list[Person]) -> list[Person]:
    return [next(person for person in people if role in person.kinds) for role in Role if role is not Role.ADVOCATE]


def contents(home: Path) -> dict[str, str]:
    """Return a fingerprint of everything each service has stored."""
    found = {}
    for service in SERVICES:
        connection = sqlite3.connect(home / f"{service}.sqlite")
        found[service] = hashlib.sha256("\n".join(connection.iterdump()).encode()).hexdigest()
        connection.close()
    return found


@pytest.mark.slow
@pytest.mark.timeout(240)
def test_every_page_that_people_are_led_to_is_sound_and_reading_it_changes_nothing(filled: Runtime) -> None:
    application = web_application(filled)
    before = contents(filled.settings.home)
    faults = []
    kinds: Counter[str] = Counter()
    for person in one_of_each_kind(everybody(filled)):
        walker = Walker(Client(application), person)
        walker.walk()
        kinds += walker.kinds
        faults += [f"{person.name}, {', '.join(person.kinds)}: {fault}" for fault in walker.faults]
    assert faults == []
    assert len(kinds) > 50
    assert contents(filled.settings.home) == before
