"""Somebody's browser and mailbox, for the tests of personal links."""

from __future__ import annotations

import re
from datetime import timedelta
from email import message_from_string
from typing import Any

from flask.testing import FlaskClient
from sqlalchemy import select
from werkzeug.test import TestResponse

from services.pep.adapters.tables_links import mail_out
from services.pep.application import links
from services.pep.domain.links import PersonalLink, Purpose
from services.pep.domain.plan import Plan
from shared.kernel.clock import FixedClock
from shared.platform.audit_tables import ENTRY
from tests.pep.plan_world import World


class Mailbox:
    """The mails that pep has written, the newest last, as (recipient, subject, text)."""

    def __init__(self, world: World) -> None:
        self.world = world

    def raw(self) -> list[str]:
        with self.world.runtime.database("pep").reading() as connection:
            query = select(mail_out.c.raw).order_by(mail_out.c.queued_at, mail_out.c.subject.desc(), mail_out.c.id)
            return list(connection.execute(query).scalars())

    def mails(self) -> list[tuple[str, str, str]]:
        found = []
        for raw in self.raw():
            mail = message_from_string(raw)
            text = mail.get_payload(decode=True)
            assert isinstance(text, bytes)
            found.append((str(mail["To"]), str(mail["Subject"]), text.decode()))
        return found

    def links(self) -> list[str]:
        """Return the paths of the links that were sent."""
        texts = [text for _, subject, text in self.mails() if subject == "A personal link for you"]
        return [re.search(r"/pep(/link/[\w-]{43})", text)[1] for text in texts]  # type: ignore[index]

    def codes(self, address: str = "") -> list[str]:
        """Return the codes that were sent, to one address or to all."""
        sent = [text for to, subject, text in self.mails() if subject == "Your code" and address in to]
        return [re.search(r"\d{6}", text)[0] for text in sent]  # type: ignore[index]


class LinkBrowser:
    """A browser in which nobody is signed in, at the door of a link."""

    def __init__(self, world: World, path: str) -> None:
        self.world = world
        self.path = path
        self.client: FlaskClient = world.app.test_client()
        self.mailbox = Mailbox(world)

    def get(self, page: str = "") -> TestResponse:
        return self.client.get(self.path + page)

    def post(self, page: str, seen_on: str = "", **data: Any) -> TestResponse:
        shown = self.client.get(self.path + seen_on, follow_redirects=True).text
        token = re.search(r'name="csrf_token" value="([^"]+)"', shown)
        version = re.search(r'name="version" value="(\d+)"', shown)
        given = {"csrf_token": token[1] if token else "", **({"version": version[1]} if version else {})}
        return self.client.post(self.path + page, data={**given, **data})

    def ask_code(self) -> str:
        """Ask for a code and read it in the mail."""
        known = self.mailbox.codes()
        answer = self.post("/code")
        assert (answer.status_code, answer.location) == (303, self.path + "/code"), answer.text
        (code,) = (one for one in self.mailbox.codes() if one not in known)
        return code

    def enter(self, code: str | None = None) -> TestResponse:
        return self.post("/enter", "/code", code=code or self.ask_code())

    def go_in(self) -> LinkBrowser:
        answer = self.enter()
        assert (answer.status_code, answer.location) == (303, self.path + "/page")
        return self


def send(world: World, plan: Plan, purpose: Purpose, person: str, by: str = "sam") -> PersonalLink:
    with world.acting(by) as work:
        return links.send_link(work, plan.id, purpose, person)


def sent_to(world: World, plan: Plan, purpose: Purpose, person: str) -> LinkBrowser:
    """Send a link and return the browser of whoever got it."""
    known = Mailbox(world).links()
    send(world, plan, purpose, person)
    return at_new_link(world, known)


def at_new_link(world: World, known: list[str]) -> LinkBrowser:
    """Return a browser at the door of the one link that was not known before."""
    (path,) = (one for one in Mailbox(world).links() if one not in known)
    return LinkBrowser(world, path)


def pass_time(world: World, **passed: float) -> None:
    clock = world.runtime.clock
    assert isinstance(clock, FixedClock)
    clock.set(clock.now() + timedelta(**passed))


def audit(world: World) -> list[tuple[str, str, str, str]]:
    """Return what the audit has: kind, action, person and role, in its order."""
    with world.runtime.database("pep").reading() as connection:
        query = select(ENTRY.c.kind, ENTRY.c.action, ENTRY.c.person_id, ENTRY.c.acting_as).order_by(ENTRY.c.id)
        return [tuple(row) for row in connection.execute(query)]
