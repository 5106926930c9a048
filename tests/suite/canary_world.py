"""A child of whom every sealed fact holds a word that stands nowhere else, and a walk through all that is given out.

The child is `ours` of the access world. Whoever comes upon one of the words was told the fact.
"""

from __future__ import annotations

import json
import logging
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from enum import Enum
from html import unescape
from urllib.parse import urljoin, urlsplit

import pytest
from sqlalchemy import Connection, MetaData, select
from werkzeug.test import TestResponse

from services.pep.app import SPEC as PEP
from services.pep.application import children, parents, placement, team
from services.pep.application.schools import record_schools
from services.pep.domain.parents import Ground
from services.pep.domain.schools import School
from services.scheduling.adapters.tables_mail import mail_out
from services.scheduling.app import SPEC as SCHEDULING
from services.scheduling.application import feeds, meetings
from services.scheduling.application.guests import propose_guests
from services.scheduling.application.lookup import find_meeting
from shared.contracts.envelope import Envelope
from shared.contracts.parents import Matter, ParentStanding
from shared.contracts.permissions import PERMISSIONS
from shared.contracts.roles import Role
from shared.platform import outbox
from shared.platform.logs import JsonLines
from shared.testing.bus import deliver_everything
from tests.suite.access_world import SPECS, TODAY, AccessWorld
from tests.suite.mail_text import everything_in
from tests.suite.test_the_whole_matrix import NOWHERE, ask, routes_of

BY_CHANCE = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}|[0-9a-f]{16,}|\d+\.\d{4,}")
"""Ids, traces and moments of the machine: among thousands of them some hold any six digits."""


class Fact(Enum):
    """A sealed fact, with the words that give it away."""

    HOME = ("Xyzzyplugh", "QZ97ZQ", "QZ9 7ZQ", "Quuxfrobozz", "960987")
    SCHOOL = ("Zorblaxian", "900777")
    PLACE = ("Vumblefoo",)

    def is_in(self, text: str) -> bool:
        told = BY_CHANCE.sub(" ", text.casefold())
        return any(word.casefold() in told for word in self.value)


UNTOLD = {Role.PARENT: {Fact.HOME, Fact.SCHOOL, Fact.PLACE}, Role.DESIGNATED_TEACHER: {Fact.HOME}}
"""What it was decided (or never decided) in this world that a role is not told, where the table asks for a decision."""

ROWS = {Fact.HOME: "pep.placement.read", Fact.SCHOOL: "pep.child.read", Fact.PLACE: "scheduling.meeting.read"}
"""The row of the table that says who may know a fact."""


def knows(role: Role, fact: Fact, row: str = "") -> bool:
    """Tell whether somebody on the child's team (or the head) may know a fact, by the table alone."""
    permission = PERMISSIONS[row or ROWS[fact]]
    by_decision = permission.by_decision if permission.matter or permission.sealed else frozenset()
    if role in by_decision and fact in UNTOLD.get(role, set()):
        return False
    if role is Role.VIRTUAL_SCHOOL_HEAD:
        return role in permission.authority
    return role in permission.team


@dataclass(frozen=True)
class Given:
    """Something that somebody was given: by which row of the table, at which address, with every byte of it."""

    row: str
    where: str
    text: str
    status: int

    @property
    def facts(self) -> set[Fact]:
        return {fact for fact in Fact if fact.is_in(self.text)}


class Lines(logging.Handler):
    """Everything that is logged, as the log has it and with every argument."""

    def __init__(self) -> None:
        super().__init__(logging.DEBUG)
        self.setFormatter(JsonLines("web", "test"))
        self.lines: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.lines.append(f"{self.format(record)} {record.getMessage()} {json.dumps(record.__dict__, default=str)}")


def deliver(world: AccessWorld) -> None:
    """Let the services hear of one another; the event of this world that got stuck stays so."""
    deliver_everything(world.runtime, SPECS, held_is_fine=True)


def take_in(world: AccessWorld) -> None:
    """Let our child live, learn and meet at places with nonsense names; the parent is not told the school."""
    child_id = world.things["ours"]["child_id"]
    home = placement.NewPlacement(
        since=TODAY,
        address="7 Xyzzyplugh Cottages\nNorthmoor",
        postcode="QZ9 7ZQ",
        carer_id="our-carer",
        carer_name="Quuxfrobozz",
        carer_phone="01632 960987",
    )
    with world.acting(PEP, "our-social_worker") as work:
        placement.record_placement(work, child_id, home, 0)
        parents.decide_for_parent(
            work, child_id, "our-parent", ParentStanding.NOT_TOLD, Ground.CHILDS_WISH, matter=Matter.SCHOOL
        )
    with world.by_itself(PEP) as work:
        record_schools(work, [School("900777", "Zorblaxian Academy", "Primary", town="Northmoor")])
        teacher = replace(world.people["our-designated_teacher"], school_urn="900777")
        world.people["our-designated_teacher"] = team.store_person(work, teacher)
        child = children.child_record(work, child_id)
        children.change_school(work, child_id, child.version, "900777", TODAY)
        colleague = replace(world.people["our-delegate"], school_urn="900777")
        world.people["our-delegate"] = team.store_person(work, colleague)
    world.delegate("ours", "our")
    deliver(world)
    with world.by_itself(SCHEDULING) as work:
        meeting = find_meeting(work, world.things["ours"]["meeting_id"])
        assert meeting.booking is not None
        wanted = {guest.person_id: guest.required for guest, _ in propose_guests(work, meeting)}
        booking = replace(meeting.booking, place="Vumblefoo Hall")
        moved = meetings.move(work, meeting.id, meetings.Wish(booking, wanted), meeting.version)
        meetings.remind(work, moved.id)
    deliver(world)


def walk(world: AccessWorld, person: str) -> Iterator[Given]:
    """Ask for every page, file and operation as somebody, and open what these lead to: one address of each shape.

    Those who may not know where the child lives also try everything that changes something, as does the social worker;
    the parent, who is refused most, also asks for what there is not.
    """
    roles = world.people[person].kinds
    tries = roles == {Role.SOCIAL_WORKER} or not any(knows(role, Fact.HOME) for role in roles)
    for service, app in world.apps.items():
        client = world.client(service, person)
        opened: set[str] = set()
        to_open: list[tuple[str, str]] = []
        for route in [one for one in routes_of(service, app) if tries or one.method == "GET"]:
            asks_for_nothing = person == "our-parent" and route.method == "GET" and route.arguments
            for child in ("ours", NOWHERE) if asks_for_nothing else ("ours",):
                answer = ask(client, world, route, child)
                opened.add(shape_of(answer.request.path))
                yield given(route.action, f"{route} {child}", answer)
                if child == "ours" and route.method == "GET" and answer.mimetype == "text/html":
                    to_open += [(route.action, link) for link in links_in(answer, set(world.apps))]
        for row, link in to_open:
            if shape_of(link) not in opened:
                opened.add(shape_of(link))
                yield given(row, f"{service}: {link}", client.get(link))


def shape_of(link: str) -> str:
    """Return an address without ids and days, and of its query the names alone."""
    parts = urlsplit(link)
    path = re.sub(r"/(?:[0-9a-f-]{36}|[\d-]{6,}|(?:our|their)-\w+)(?=/|$)", "/…", parts.path)
    names = sorted(set(re.findall(r"(?:^|&)(\w+)=", parts.query)))
    return f"{path}?{'&'.join(names)}"


def public_pages(world: AccessWorld) -> Iterator[Given]:
    """Ask for everything that needs no sign-in, but for style sheets and for the pages behind personal links."""
    for service, app in world.apps.items():
        for rule in app.url_map.iter_rules():
            holder = app.view_functions[rule.endpoint]
            if "GET" in (rule.methods or ()) and str(getattr(holder, "suite_access", "")).startswith("public: "):
                address = re.sub(r"<(?:\w+:)?\w+>", "nothing", rule.rule)
                yield given("public", f"{service}: {address}", app.test_client().get(address))


def mails(world: AccessWorld) -> Iterator[tuple[Role, Given]]:
    """Give each mail that waits or was sent about our child's meetings, and the page behind the link in it."""
    query = select(mail_out.c.recipient, mail_out.c.act, mail_out.c.raw).where(
        mail_out.c.meeting_id == world.things["ours"]["meeting_id"]
    )
    with world.runtime.database("scheduling").reading() as connection:
        rows = connection.execute(query).all()
    for recipient, act, raw in rows:
        role = Role(recipient.partition("@")[0].removeprefix("our-"))
        text = everything_in(raw.encode())
        yield role, Given("mail", f"mail {act} to {role.value}", text, 200)
        for link in set(re.findall(r"/(?:answer|poll)/[\w-]{20,}(?![\w=-])", text)):
            yield role, given("link", f"link of {role.value}", world.apps["scheduling"].test_client().get(link))


def feeds_of(world: AccessWorld, role: Role) -> Iterator[Given]:
    """Give every calendar feed that somebody may have, as a calendar program gets it."""
    with world.acting(SCHEDULING, f"our-{role.value}") as work:
        made = [feeds.make_feed(work, kind) for kind in feeds.kinds_to_have(work)]
    for one in made:
        path = "/feed/" + one.address.rpartition("/feed/")[2]
        answer = world.apps["scheduling"].test_client().get(path)
        yield given("feed", f"{one.feed.kind} of {role.value}", answer)


def stored(world: AccessWorld, fact: Fact) -> set[str]:
    """Return the tables of every service that hold a word of a fact."""
    found = set()
    for spec in SPECS:
        with world.runtime.database(spec.name).reading() as connection:
            for name, table in spec.metadata.tables.items():
                if any(fact.is_in(repr(tuple(row))) for row in connection.execute(select(table))):
                    found.add(f"{spec.name}.{name}")
    return found


@contextmanager
def overhearing() -> Iterator[list[str]]:
    """Give every event that is published meanwhile, as it travels."""
    heard: list[str] = []
    append = outbox.append

    def appending(connection: Connection, metadata: MetaData, facts: Sequence[Envelope]) -> int:
        heard.extend(fact.to_bytes().decode() for fact in facts)
        return append(connection, metadata, facts)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(outbox, "append", appending)
        yield heard


def given(row: str, where: str, answer: TestResponse) -> Given:
    return Given(row, where, f"{answer.status}\n{answer.headers}\n{answer.text}", answer.status_code)


def links_in(answer: TestResponse, services: set[str]) -> list[str]:
    """Return where a page leads to within its service, without what says where on a page."""
    links = [
        urljoin(answer.request.path, unescape(href)) for href in re.findall(r'<a [^>]*href="([^"]*)"', answer.text)
    ]
    own = [link.partition("#")[0] for link in links if link.startswith("/") and not link.startswith("//")]
    return [link for link in own if urlsplit(link).path.split("/")[1] not in {*services, "sign-out"}]
