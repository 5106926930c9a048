"""What one invitee is given tells nothing of another, unless the table of permissions lets them know it.

Somebody of every role is invited and goes through all that happens to meetings. For each ordered pair of them every
mail, calendar entry, personal page, page and answer of the API that the one got is searched for the other.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date
from itertools import permutations
from pathlib import Path

import pytest
from sqlalchemy import select, update

from services.scheduling.adapters.tables_mail import mail_out
from services.scheduling.app import SPEC
from services.scheduling.application import meetings, outgoing_mail, parents
from services.scheduling.application.answers import answer_by_link
from services.scheduling.application.meeting_page import FAMILY
from services.scheduling.application.telling import tell_invitees
from services.scheduling.domain.holding import Account
from services.scheduling.domain.itip import Act
from services.scheduling.domain.meeting import Answer, Meeting, Mode
from shared.contracts.parents import Matter, ParentStanding
from shared.contracts.pep import ParentStandingChanged
from shared.contracts.permissions import PERMISSIONS
from shared.contracts.roles import Role
from shared.kernel.clock import london_time
from shared.platform import roster
from shared.platform.access import actor_for
from shared.platform.auth import issue_token
from shared.testing.apps import app_on
from shared.testing.runtimes import make_runtime
from tests.scheduling.conftest import Office, a_wish, open_office
from tests.suite.mail_text import everything_in

ROLES = tuple(role for role in Role if role is not Role.VIRTUAL_SCHOOL_HEAD)
SYLLABLES = ("brak", "drell", "fusk", "glimp", "hozz", "krint", "moog", "plaff", "quonk", "snerv")
READ = PERMISSIONS["scheduling.meeting.read"]


@dataclass(frozen=True)
class Guest:
    """One invitee with a name, an address and a telephone number that nobody else has."""

    role: Role

    @property
    def id(self) -> str:
        return f"person-{ROLES.index(self.role)}"

    @property
    def names(self) -> tuple[str, str]:
        this = SYLLABLES[ROLES.index(self.role)].title()
        return f"{this}avič", f"O’{this}ington"

    @property
    def email(self) -> str:
        return f"{SYLLABLES[ROLES.index(self.role)]}.post@{SYLLABLES[ROLES.index(self.role)]}mail.example"

    @property
    def phone(self) -> str:
        return f"01632 9600{10 + ROLES.index(self.role)}"

    @property
    def identifying(self) -> dict[str, tuple[str, ...]]:
        """Return the marks by what the table calls them."""
        return {
            "family_names" if self.role in FAMILY else "names": (*self.names, self.names[1].partition("’")[2]),
            "addresses": (self.email, self.email.partition("@")[2]),
            "comments": (self.phone, self.phone.replace(" ", "")),
        }

    def may_know(self, mark: str) -> bool:
        """Tell whether this one may know such a thing of the others, on the pages of a meeting."""
        return self.role in READ.team & READ.fields.get(mark, READ.team)


GUESTS = tuple(Guest(role) for role in ROLES)
PAIRS = list(permutations(GUESTS, 2))


@pytest.fixture(scope="module")
def given(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[tuple[Guest, str], str]]:
    """Everything that each was given, by what it is: mail, link, page or api."""
    runtime = make_runtime(Path(tmp_path_factory.mktemp("pairs")), [SPEC])
    yield Life(open_office(runtime)).lived()
    runtime.close()


class Life:
    """A meeting to which everybody is invited, and all that happens to it."""

    def __init__(self, office: Office) -> None:
        self.office = office
        self.got: dict[tuple[Guest, str], str] = {}
        self.acts: set[str] = set()
        with office.writing() as work:
            for guest in GUESTS:
                name = " ".join(guest.names)
                person = roster.Person(
                    guest.id, "northmoor", name, guest.email, frozenset({guest.role}), "", school_urn=None
                )
                roster.record_person(work.connection, person)
                office.actors[guest.id] = actor_for(person)
        office.add_child("c2", ())
        with office.writing() as work:
            for guest in GUESTS:
                name = " ".join(guest.names)
                since = date(2026, 11, 16)
                member = roster.Membership(f"m-{guest.id}", "c2", guest.id, guest.role, since, None, name, guest.email)
                roster.join(work.connection, member)
            office.say_of_parent(work, "c2", Guest(Role.PARENT).id)
        office.open_plan("c2", self.plan)

    def lived(self) -> dict[tuple[Guest, str], str]:
        worker, parent = Guest(Role.SOCIAL_WORKER).id, Guest(Role.PARENT).id
        everybody = {guest.id: guest.role is Role.DESIGNATED_TEACHER for guest in GUESTS}
        wish = meetings.Wish(a_wish().booking, everybody)
        with self.office.writing(worker) as work:
            meetings.arrange(work, self.meeting.id, wish, self.meeting.version)
        self.look()
        for guest in GUESTS:
            said = Answer.DECLINED if guest.role is Role.DESIGNATED_TEACHER else Answer.TENTATIVE
            with self.office.writing(guest.id) as work:
                answer_by_link(work, self.link(guest), said, f"Ring me on {guest.phone}")
        self.look()
        link = "https://meet.example/abc"
        for changed in (
            replace(wish.booking, place="The library"),
            replace(wish.booking, mode=Mode.MIXED, joining_link=link),
            replace(wish.booking, place="Elsewhere", place_sealed=True),
            a_wish(date(2026, 12, 3)).booking,
        ):
            with self.office.writing(worker) as work:
                meetings.move(work, self.meeting.id, meetings.Wish(changed, everybody), self.meeting.version)
            self.look(mails_only=not changed.place_sealed)
        with self.office.writing(worker) as work:
            meetings.remind(work, self.meeting.id)
        self.look(mails_only=True)
        for act in (Act.SENT_AGAIN, Act.PROPOSAL_REFUSED):
            with self.office.writing(worker) as work:
                tell_invitees(work, self.meeting, {each.id: act for each in self.meeting.invitees})
            self.look(mails_only=True)
        self.decide(parent, Matter.SCHOOL, ParentStanding.NOT_TOLD)
        self.decide(parent, Matter.MEETINGS, ParentStanding.TOLD_AFTER)
        self.office.at(london_time(date(2026, 12, 3), 12))
        with self.office.writing(worker) as work:
            meetings.record_held(
                work, self.meeting.id, [worker], self.meeting.version, Account(why_counted="other", note="Yes")
            )
        self.look()
        self.decide(parent, Matter.MEETINGS, ParentStanding.INVITED)
        self.office.open_plan("c2", "p3")
        self.plan = "p3"
        later = meetings.Wish(a_wish(date(2026, 12, 8)).booking, everybody)
        with self.office.writing(worker) as work:
            meetings.arrange(work, self.meeting.id, later, self.meeting.version)
        self.look()
        with self.office.writing(worker) as work:
            meetings.cancel(work, self.meeting.id, "not_needed", self.meeting.version)
        self.look()
        assert self.acts >= {act.value for act in Act} - {"organizer_changed", "proposal_accepted"} | {"told_after"}
        return self.got

    plan = "p2"

    @property
    def meeting(self) -> Meeting:
        return self.office.meeting_of(self.plan)

    def decide(self, parent: str, matter: Matter, standing: ParentStanding) -> None:
        with self.office.writing() as work:
            said = ParentStandingChanged("c2", parent, matter.value, standing.value)
            parents.when_standing_changed(work, said)
        self.look()

    def link(self, guest: Guest) -> str:
        return re.findall(r"/answer/([\w-]{20,})(?![\w=-])", self.got[guest, "mail"])[-1]

    def look(self, *, mails_only: bool = False) -> None:
        """Let what waits be sent, and keep everything that each can read now."""
        with self.office.writing() as work:
            waiting = work.connection.execute(select(mail_out).where(mail_out.c.state == "queued")).mappings().all()
            work.connection.execute(update(mail_out).values(state="sent"))
        for mail in waiting:
            self.acts.add(mail["act"])
            (guest,) = [one for one in GUESTS if one.email == mail["recipient"]]
            self.keep(guest, "mail", everything_in(mail["raw"].encode()))
        if mails_only:
            return
        app = app_on(SPEC, self.office.runtime)
        for guest in GUESTS:
            self.keep(guest, "link", app.test_client().get(f"/answer/{self.link(guest)}").text)
            client = app.test_client()
            token = issue_token(self.office.runtime.settings.secret, guest.id, self.office.runtime.clock.now())
            client.environ_base["HTTP_AUTHORIZATION"] = f"Bearer {token}"
            for what, paths in {
                "page": ("/", f"/meetings/{self.meeting.id}"),
                "api": ("/api/meetings", f"/api/meetings/{self.meeting.id}"),
            }.items():
                for path in paths:
                    answer = client.get(path)
                    text = str(answer.json) if what == "api" else answer.text
                    self.keep(guest, what, f"{answer.headers}\n{text}")

    def keep(self, guest: Guest, what: str, text: str) -> None:
        self.got[guest, what] = f"{self.got.get((guest, what), '')}\n{text}"


def found(text: str, marks: tuple[str, ...]) -> list[str]:
    folded = text.casefold().replace("&#39;", "’").replace("'", "’")
    return [mark for mark in marks if mark.casefold() in folded]


@pytest.mark.parametrize("what", ["mail", "link"])
def test_no_byte_of_another_invitee_is_in_a_mail_or_behind_a_link(
    given: dict[tuple[Guest, str], str], what: str
) -> None:
    assert len(PAIRS) == len(ROLES) * (len(ROLES) - 1) >= 72
    leaks = [
        (one.role.value, other.role.value, mark)
        for one, other in PAIRS
        for marks in other.identifying.values()
        for mark in found(given[one, what], marks)
    ]
    assert leaks == []
    assert all(found(given[one, what], one.names) for one in GUESTS)


@pytest.mark.parametrize("what", ["page", "api"])
def test_pages_and_the_api_tell_of_another_exactly_what_the_table_allows(
    given: dict[tuple[Guest, str], str], what: str
) -> None:
    wrong = []
    for one, other in PAIRS:
        for mark, words in other.identifying.items():
            seen = bool(found(given[one, what], words))
            if seen and not one.may_know(mark):
                wrong.append(f"{one.role.value} learns {mark} of {other.role.value}")
            if one.may_know(mark) and not seen and not (what == "api" and mark == "comments"):
                wrong.append(f"{one.role.value} does not learn {mark} of {other.role.value}")
    assert wrong == []


def test_a_mail_that_names_another_is_noticed(given: dict[tuple[Guest, str], str]) -> None:
    one, other = GUESTS[:2]
    for named in (other.names[0], other.email.upper(), other.phone.replace(" ", "")):
        leaky = f"{given[one, 'mail']} {named}"
        assert any(found(leaky, marks) for marks in other.identifying.values())
    assert outgoing_mail.NOTHING_ELSE == {}
