"""Every kind of page, as each kind of person, in the filled authority: sound, reachable, on record, nothing changed."""

from __future__ import annotations

import hashlib
import re
import sqlite3
from collections import Counter, deque
from collections.abc import Iterator, Mapping
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
OF_LOOKING = re.compile(r"""INSERT INTO "(?:sign_in_session"|audit_entry"|sqlite_sequence" VALUES\('audit_entry')""")
OF_A_CHILD = re.compile(r"/(?:children|plans|meetings|targets|concerns|suspensions)/[0-9a-f]{8}-[0-9a-f-]{27}")
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
        self.shown: dict[str, str] = {}
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
            self.shown[answer.headers.get("X-Correlation-Id", "")] = address
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
    """Return a fingerprint of everything each service has stored, but for who is signed in and who looked."""
    found = {}
    for service in SERVICES:
        connection = sqlite3.connect(home / f"{service}.sqlite")
        lines = [line for line in connection.iterdump() if not OF_LOOKING.match(line)]
        found[service] = hashlib.sha256("\n".join(lines).encode()).hexdigest()
        connection.close()
    return found


def not_on_record(home: Path, person: Person, shown: Mapping[str, str]) -> list[str]:
    """Return the pages that a person was shown and the audit does not say so of them and the child."""
    seen: dict[str, tuple[str, str]] = {}
    for service in SERVICES:
        connection = sqlite3.connect(home / f"{service}.sqlite")
        for click, who, child_id in connection.execute("SELECT correlation_id, person_id, child_id FROM audit_entry"):
            seen[click] = (who, child_id)
        connection.close()
    missing = []
    for click, address in shown.items():
        path = urlsplit(address).path
        who, child_id = seen.get(click, ("", ""))
        if path.split("/")[1] in SERVICES and (who != person.id or (OF_A_CHILD.search(path) and not child_id)):
            missing.append(f"{address} is not on record")
    return missing


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
        walker.faults += not_on_record(filled.settings.home, person, walker.shown)
        faults += [f"{person.name}, {', '.join(person.kinds)}: {fault}" for fault in walker.faults]
    assert faults == []
    assert len(kinds) > 50
    assert contents(filled.settings.home) == before
