"""Four children and everybody round them in the three services: what the tests of access look at.

`ours` is the child on whose team the people of TEAM are; `theirs` has a team of others; `former` had the people of TEAM
until yesterday and has the others now; `far` is in the care of another authority, with a team there. The `hasty` are
staff who have opened the record of `theirs` in an emergency. Each child has a plan with a target, an arranged meeting
with mails, a suspension, an answered concern and stuck events beside it, so that every address of the suite leads to
something.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from types import MappingProxyType
from typing import Any

from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import insert, select, update

from services.pep.adapters import disagreements_store, emergencies_store, retention_store, reviews_store
from services.pep.app import SPEC as PEP
from services.pep.application import (
    children,
    concerns,
    delegations,
    emergencies,
    links,
    parents,
    plans,
    retention,
    targets,
    team,
)
from services.pep.application.schools import record_schools
from services.pep.domain.disagreements import Disagreement, Stage, StageStep
from services.pep.domain.emergencies import Account, opening_from
from services.pep.domain.links import Purpose
from services.pep.domain.parents import Ground
from services.pep.domain.retention import ErasureRequest
from services.pep.domain.review_record import ReviewAction
from services.pep.domain.reviews import hold
from services.pep.domain.schools import School
from services.pep.domain.targets import Category
from services.scheduling.adapters import meetings_store, term_plan_store
from services.scheduling.adapters.tables_mail import mail_in, mail_out
from services.scheduling.app import SPEC as SCHEDULING
from services.scheduling.application import agenda, feeds, lessons, meetings, rooms, unwanted
from services.scheduling.application.guests import propose_guests
from services.scheduling.application.polls import Asking, ask_people
from services.scheduling.domain.agenda import Wish
from services.scheduling.domain.feeds import FeedKind
from services.scheduling.domain.meeting import Booking, Mode
from services.scheduling.domain.term_draft import Placement, PlacementState, PlanState, TermPlan
from services.scheduling.domain.term_question import DayOff
from services.virtual_school.app import SPEC as VIRTUAL_SCHOOL
from services.virtual_school.application import attendance, suspensions
from shared.contracts.emergency import EmergencyReason
from shared.contracts.parents import ParentStanding
from shared.contracts.permissions import IN_EMERGENCIES
from shared.contracts.roles import Role
from shared.kernel.clock import london_time
from shared.platform import copies, roster, sessions
from shared.platform.access import Actor, actor_for, system_actor
from shared.platform.auth import issue_token
from shared.platform.authorities import INVENTED, Authority
from shared.platform.chronology import Ground as Withheld
from shared.platform.chronology import Mark
from shared.platform.db import Database
from shared.platform.inbox_tables import Held
from shared.platform.roster import Person
from shared.platform.service import ServiceSpec
from shared.platform.work import Work, reading_work, writing_work
from shared.testing.apps import app_on
from shared.testing.bus import deliver_everything
from shared.testing.runtimes import make_runtime

SPECS = (PEP, SCHEDULING, VIRTUAL_SCHOOL)
SCHOOL = "900001"
TODAY = date(2026, 11, 23)
SINCE = date(2026, 11, 2)
SOUTHMOOR = Authority(
    "southmoor", "Southmoor Council", "meetings@pep.southmoor.example", "Southmoor Virtual School meetings"
)
PRIVATE_WORD = "Blorptwizzle"
"""What our child writes of in a point of the agenda for the social worker alone."""
GROUPS = {"ours": "our", "theirs": "their", "former": "their", "far": "far"}
"""Who is on the team of each child today."""
FAMILY = (Role.CARER, Role.PARENT, Role.CHILD, Role.ADVOCATE)
ON_TEAMS = tuple(role for role in Role if role is not Role.VIRTUAL_SCHOOL_HEAD)
CHOSEN = tuple(role for role in ON_TEAMS if role is not Role.DELEGATE)
"""Those who are put on a team; a delegate is named by the designated teacher."""


class AccessWorld:
    """The suite with four children; `things[child][argument]` is what an address's argument stands for."""

    def __init__(self, home: Path, databases: Mapping[str, str] = MappingProxyType({})) -> None:
        self.runtime = make_runtime(home, () if databases else SPECS)
        self.runtime.settings = replace(self.runtime.settings, authorities=(INVENTED, SOUTHMOOR))
        if databases:
            self.runtime.settings = replace(self.runtime.settings, databases=databases)
            for spec in SPECS:
                spec.metadata.create_all(self.runtime.database(spec.name).engine)
        self.apps: dict[str, Flask] = {spec.name: app_on(spec, self.runtime) for spec in SPECS}
        self.people: dict[str, Person] = {}
        self.things: dict[str, dict[str, str]] = {}
        self._clients: dict[tuple[str, str], FlaskClient] = {}
        with self.by_itself(PEP) as work:
            record_schools(work, [School(SCHOOL, "Oakfield Academy", "Primary", town="Northmoor")])
            for group in ("our", "their"):
                for role in Role:
                    self._record(work, f"{group}-{role.value}", role, "northmoor")
            for role in Role:
                self._record(work, f"far-{role.value}", role, "southmoor")
            for role in IN_EMERGENCIES:
                self._record(work, f"hasty-{role.value}", role, "northmoor")
        for number, child in enumerate(GROUPS):
            self._take_in(child, self._first_group(child), number)
        for child in self.things:
            self.delegate(child, self._first_group(child))
            self._decide_on_parent(child, self._first_group(child))
            self._send_link(child, self._first_group(child))
        self.deliver()
        for number, child in enumerate(self.things):
            self._arrange(child, number)
            self._ask_people(child)
            self._suspend(child, self._first_group(child))
        self.deliver()
        self._draft_terms()
        self._end_places("former")
        for child in self.things:
            self._promise(child)
            self._review(child)
        self._upload()
        self._open_in_emergencies()
        self.deliver()
        self._shape_agendas()
        self._sign_in()
        self._feed()
        self._keep_records()
        self._release_copies()
        for spec in SPECS:
            self._get_stuck(spec)

    def client(self, service: str, person: str) -> FlaskClient:
        """Return a browser or program with somebody's token; the same one each time."""
        if (service, person) not in self._clients:
            client = self._clients[service, person] = self.apps[service].test_client()
            token = issue_token(self.runtime.settings.secret, person, self.runtime.clock.now())
            client.environ_base["HTTP_AUTHORIZATION"] = f"Bearer {token}"
        return self._clients[service, person]

    def forget_clients(self) -> None:
        """Let the next ones carry a new token: one lasts for thirty days."""
        self._clients.clear()

    def deliver(self) -> None:
        deliver_everything(self.runtime, SPECS)

    @contextmanager
    def by_itself(self, spec: ServiceSpec, child: str = "ours") -> Iterator[Work]:
        authority = SOUTHMOOR if child == "far" else INVENTED
        with writing_work(self.runtime, spec, system_actor(authority.key)) as work:
            yield work

    @contextmanager
    def acting(self, spec: ServiceSpec, person: str) -> Iterator[Work]:
        with writing_work(self.runtime, spec, self.actor(person)) as work:
            yield work

    @contextmanager
    def looking(self, spec: ServiceSpec) -> Iterator[Work]:
        with reading_work(self.runtime, spec, system_actor("northmoor")) as work:
            yield work

    def head(self, child: str) -> str:
        """Return a Virtual School head of the authority that looks after a child."""
        return "far-virtual_school_head" if child == "far" else "our-virtual_school_head"

    def _first_group(self, child: str) -> str:
        return "our" if child == "former" else GROUPS[child]

    def actor(self, person: str) -> Actor:
        return actor_for(self.people[person])

    def _record(self, work: Work, key: str, role: Role, authority: str) -> None:
        urn = SCHOOL if role in (Role.DESIGNATED_TEACHER, Role.DELEGATE) else None
        name = key.replace("-", " ").replace("_", " ").title()
        person = Person(key, authority, name, f"{key}@people.example", frozenset({role}), "Northmoor", urn)
        self.people[key] = team.store_person(work, person)

    def _take_in(self, child: str, group: str, number: int) -> None:
        new = children.NewChild(
            reference=f"70000{number}",
            name=f"Child {child.title()}",
            born_on=date(2014, 3, 9),
            legal_status="C2",
            entered_care_on=SINCE,
            school_urn=SCHOOL,
            team={role: f"{group}-{role.value}" for role in CHOSEN},
        )
        with self.by_itself(PEP, child) as work:
            taken = children.enter_care(work, new)
            (plan,) = plans.plans_of_child(work, taken.id)
            words = targets.TargetWords(Category.ACADEMIC, "Read a book", "Reads it", "All", TODAY, "Daily", 0)
            target = targets.add_target(work, plan.id, words)
            teacher = next(one for one in roster.whole_team(work.connection, taken.id) if one.role is Role.IRO)
        self.things[child] = {
            "child_id": taken.id,
            "plan_id": plan.id,
            "key": "arrangements",
            "target_id": target.id,
            "membership_id": teacher.id,
            "person_id": f"{group}-iro",
            "parent_id": f"{group}-parent",
            "matter": "placement",
            "urn": SCHOOL,
            "day": "2026-11-16",
            "phase": "primary",
            "version": "2026-11",
        }

    def delegate(self, child: str, group: str) -> None:
        """Let the designated teacher's colleague act for them in the whole plan."""
        things = self.things[child]
        colleague = self.people[f"{group}-delegate"]
        with self.acting(PEP, f"{group}-designated_teacher") as work:
            wish = delegations.Wish(
                name=colleague.name,
                email=colleague.email or "",
                every_pupil=False,
                child_ids=(things["child_id"],),
                parts=(),
                from_date=TODAY,
                until=date(2027, 7, 23),
            )
            things["delegation_id"] = delegations.delegate(work, wish).id

    def _decide_on_parent(self, child: str, group: str) -> None:
        """Let the parent be invited; that this shall end some day still waits for a second person."""
        things = self.things[child]
        agreed, until = Ground.AGREED, date(2027, 3, 1)
        with self.acting(PEP, f"{group}-social_worker") as work:
            first = parents.decide_for_parent(
                work, things["child_id"], things["parent_id"], ParentStanding.INVITED, agreed
            )
        with self.acting(PEP, f"{group}-team_manager") as work:
            parents.settle_decision(work, things["child_id"], first.id, confirmed=True)
        with self.acting(PEP, f"{group}-social_worker") as work:
            second = parents.decide_for_parent(
                work, things["child_id"], things["parent_id"], ParentStanding.INVITED, agreed, until=until
            )
        things["decision_id"] = second.id

    def _send_link(self, child: str, group: str) -> None:
        """Ask the carer for their part of the plan by a personal link."""
        with self.acting(PEP, f"{group}-social_worker") as work:
            sent = links.send_link(work, self.things[child]["plan_id"], Purpose.CARER_PART, f"{group}-carer")
        self.things[child]["link_id"] = sent.id

    def _arrange(self, child: str, number: int) -> None:
        things = self.things[child]
        starts_at = london_time(date(2026, 12, 1 + number), 10)
        with self.by_itself(SCHEDULING, child) as work:
            (meeting,) = meetings_store.of_plan(work.connection, things["plan_id"])
            wanted = {guest.person_id: guest.required for guest, _ in propose_guests(work, meeting)}
            booking = Booking(starts_at, starts_at + timedelta(hours=1), Mode.IN_PERSON, "Oakfield Academy")
            arranged = meetings.arrange(work, meeting.id, meetings.Wish(booking, wanted), meeting.version)
            things["meeting_id"], things["invitee_id"] = arranged.id, arranged.invitees[0].id
            ours = mail_out.c.meeting_id == arranged.id
            unsent = work.connection.execute(select(mail_out.c.id).where(ours)).scalars().first()
            work.connection.execute(update(mail_out).where(mail_out.c.id == unsent).values(state="failed"))
            things["room_id"] = rooms.record_room(work, rooms.RoomWish(f"Room {number}", 8), SCHOOL).id
            wish = lessons.LessonWish("maths", 1, None, 600, 660)
            said = unwanted.say_unwanted(work, things["child_id"], "", "Xantippa Grumbold", "She shouts")
            things["wish_id"] = said.id
            things["lesson_id"] = lessons.add_lesson(work, things["child_id"], wish).id
            things["unsent_mail"], things["held_mail"] = str(unsent), f"held-{child}"
            self._receive(work, things["held_mail"], meeting_id=arranged.id, invitee_id=arranged.invitees[0].id)
            things["unknown_mail"] = f"unknown-{child}"
            self._receive(work, things["unknown_mail"])

    def _ask_people(self, child: str) -> None:
        """Ask everybody on the team which other times suit them."""
        things = self.things[child]
        starts = [london_time(date(2026, 12, day), 10) for day in (14, 15)]
        with self.by_itself(SCHEDULING, child) as work:
            meeting = meetings_store.load(work.connection, things["meeting_id"])
            assert meeting is not None
            everybody = {guest.person_id: guest.required for guest, _ in propose_guests(work, meeting)}
            times = tuple((at, at + timedelta(hours=1)) for at in starts)
            poll = ask_people(work, meeting.id, Asking(times, date(2026, 12, 10), everybody))
        things["respondent_id"] = poll.respondents[0].id

    def _draft_terms(self) -> None:
        """Let each authority's head have a draft of the term with a line for every meeting, and a day off."""
        for authority in (INVENTED.key, SOUTHMOOR.key):
            meant = [child for child in self.things if (child == "far") is (authority == SOUTHMOOR.key)]
            head = self.actor(self.head(meant[0]))
            with self.by_itself(SCHEDULING, meant[0]) as work:
                plan = TermPlan(
                    f"draft-{authority}", authority, head.person_id, head.name, work.now, whole_authority=True,
                    first=TODAY, last=date(2026, 12, 18), state=PlanState.READY,
                )  # fmt: skip
                term_plan_store.add(work.connection, plan)
                term_plan_store.add_day_off(work.connection, plan.id, DayOff(head.person_id, TODAY, TODAY))
                ((number, _),) = term_plan_store.days_off(work.connection, plan.id)
                lines = []
                for child in meant:
                    things = self.things[child]
                    things["term_plan_id"], things["day_off"] = plan.id, str(number)
                    line = Placement(plan.id, things["meeting_id"], things["child_id"], PlacementState.UNPLACED)
                    lines.append(line)
                term_plan_store.replace_placements(work.connection, plan.id, lines)

    def _receive(self, work: Work, mail_id: str, **about: str) -> None:
        values = {
            "id": mail_id,
            "authority": work.actor.authority,
            "receipt": mail_id,
            "received_at": work.now,
            "sender": "somebody@people.example",
            "subject": "Answer",
            "outcome": "held",
            "reason": "unclear",
            "comment": "",
            "answer": "accepted",
        }
        work.connection.execute(insert(mail_in).values(values | about))

    def _suspend(self, child: str, group: str) -> None:
        with self.acting(VIRTUAL_SCHOOL, f"{group}-designated_teacher") as work:
            suspension = suspensions.record_suspension(
                work,
                self.things[child]["child_id"],
                starts_on=date(2026, 11, 16),
                ends_on=date(2026, 11, 17),
                sessions=4,
                permanent=False,
                reasons=("DB",),
            )
        self.things[child]["suspension_id"] = suspension.id

    def _end_places(self, child: str) -> None:
        child_id = self.things[child]["child_id"]
        with self.by_itself(PEP) as work:
            found = children.child_record(work, child_id)
            for member in roster.whole_team(work.connection, child_id):
                if member.role is not Role.DELEGATE:  # their places end with the designated teacher's
                    team.end_place(work, member, TODAY - timedelta(days=1))
            for role in CHOSEN:
                person = self.people[f"their-{role.value}"]
                joined = team.join_team(work, found, person, role, TODAY)
                if role is Role.IRO:
                    self.things[child]["membership_id"] = joined.id
        self.delegate(child, "their")
        self.things[child]["parent_id"] = "their-parent"
        self.things[child]["person_id"] = "their-iro"

    def _promise(self, child: str) -> None:
        """Answer the child's concern with an action that the designated teacher of the day promises."""
        group = GROUPS[child]
        with self.acting(PEP, f"{group}-social_worker") as work:
            raised = concerns.concerns_of_child(work, self.things[child]["child_id"])
            concern = next(one for one in raised if one.rule == "plan_late")
            concerns.answer_by_action(
                work,
                concern.id,
                action="Meet the carer",
                owner_id=f"{group}-designated_teacher",
                by_date=date(2026, 12, 4),
                seen_version=concern.version,
            )
        self.things[child]["concern_id"] = concern.id

    def _shape_agendas(self) -> None:
        """Let each child have written something for the social worker alone, and the teacher for everybody."""
        for child, things in self.things.items():
            with self.acting(SCHEDULING, f"{GROUPS[child]}-child") as work:
                private = f"{PRIVATE_WORD} frightens me" if child == "ours" else "I am afraid"
                things["point_id"] = agenda.add_point(work, things["meeting_id"], private, Wish.WORKER_ONLY).id
            with self.acting(SCHEDULING, f"{GROUPS[child]}-designated_teacher") as work:
                agenda.add_point(work, things["meeting_id"], "The school trip", Wish.TALK)

    def _review(self, child: str) -> None:
        """Let the first review have been held, with something agreed for the teacher of the day, and a disagreement."""
        things, teacher = self.things[child], f"{GROUPS[child]}-designated_teacher"
        with self.by_itself(PEP, child) as work:
            (review,) = reviews_store.of_child(work.connection, things["child_id"])
            reviews_store.save(work.connection, hold(review, TODAY))
            action = ReviewAction(
                f"action-{child}",
                review.id,
                review.child_id,
                "Find a tutor",
                teacher,
                "Teacher",
                "",
                TODAY,
                for_plan=True,
            )
            reviews_store.add_action(work.connection, action)
            raised = StageStep(Stage.RAISED, TODAY, "", "Iro")
            dispute = Disagreement(f"dispute-{child}", review.child_id, review.id, "A move", TODAY, TODAY, (raised,))
            disagreements_store.add(work.connection, dispute)
        things |= {"review_id": review.id, "action_id": action.id, "disagreement_id": dispute.id}

    def _upload(self) -> None:
        for child, group in GROUPS.items():
            with self.acting(VIRTUAL_SCHOOL, f"{group}-designated_teacher") as work:
                content = b"reference,date,session,code\r\n"
                self.things[child]["upload_id"] = attendance.import_attendance(work, content, "week.csv").id

    def _open_in_emergencies(self) -> None:
        """Let somebody who has left each child's team open the record, and the hasty that of `theirs`."""
        for child, things in self.things.items():
            opener = f"{GROUPS[child]}-virtual_school_caseworker"
            reason, now = EmergencyReason.RISK, self.runtime.clock.now()
            opening = opening_from(f"opening-{child}", things["child_id"], opener, reason, now)
            things["opening_id"] = opening.id
            with self.by_itself(PEP) as work:
                emergencies_store.add(work.connection, Account(opening, opener, "It could not wait"))
        with self.by_itself(PEP) as work:
            theirs = children.child_record(work, self.things["theirs"]["child_id"])
        for role in IN_EMERGENCIES:
            with self.acting(PEP, f"hasty-{role.value}") as work:
                said = "Something that could not wait"
                emergencies.open_record(work, theirs.reference, theirs.born_on, EmergencyReason.RISK, said)

    def _sign_in(self) -> None:
        """Let each child's social worker be signed in."""
        now = self.runtime.clock.now()
        with self.runtime.database("pep").writing() as connection:
            for child, things in self.things.items():
                things["session_id"] = f"session-{child}"
                person = f"{GROUPS[child]}-social_worker"
                sessions.begin(connection, sessions.Session(things["session_id"], person, now, now, "A browser"))

    def _feed(self) -> None:
        """Let each child's social worker have a calendar address."""
        for child, things in self.things.items():
            with self.acting(SCHEDULING, f"{GROUPS[child]}-social_worker") as work:
                things["feed_id"] = feeds.make_feed(work, FeedKind.MINE).feed.id

    def _keep_records(self) -> None:
        """Put each child's record under a hold, and let somebody have asked for it to be erased."""
        for child, things in self.things.items():
            with self.acting(PEP, self.head(child)) as work:
                things["hold_id"] = retention.place_hold(work, things["child_id"], "An inquiry").id
                request = ErasureRequest(
                    f"erasure-{child}", things["child_id"], f"{GROUPS[child]}-iro", "Iro", work.now
                )
                retention_store.add_request(work.connection, request)
                things["erasure_id"] = request.id

    def _release_copies(self) -> None:
        """Let something be withheld from each child's record, and a copy be released, in every service."""
        now = self.runtime.clock.now()
        for spec in SPECS:
            with self.by_itself(spec) as work:
                for child, things in self.things.items():
                    child_id, mark_id, release_id = things["child_id"], f"mark-{child}", f"release-{child}"
                    ground = Withheld.THIRD_PARTY
                    copies.add_mark(
                        work.connection, Mark(mark_id, child_id, "", "", "Child", ground, "", "our-iro", "Iro", now)
                    )
                    made = copies.Release(release_id, child_id, 1, "The child", "our-iro", "Iro", now, 0, [], "0" * 64)
                    copies.add_release(work.connection, made, b"PK")
                    things["mark_id"], things["release_id"] = mark_id, release_id

    def _get_stuck(self, spec: ServiceSpec) -> None:
        for things in self.things.values():
            things[f"{spec.name}_event"] = str(self._hold(spec, things["child_id"]))

    def _hold(self, spec: ServiceSpec, child_id: str) -> int:
        """Let a service hold a fact about a child that it could not apply."""
        table = spec.metadata.tables["inbox_event"]
        values: Mapping[str, Any] = {
            "source": "pep",
            "subject": f"child/{child_id}",
            "version": 1,
            "type": "pep.child.left_care.v1",
            "payload": b"{}",
            "state": Held.PARKED,
            "attempts": 5,
            "reason": "a test",
            "received_at": self.runtime.clock.now(),
        }
        with self.runtime.database(spec.name).writing() as connection:
            (event_id,) = connection.execute(insert(table).values(values)).inserted_primary_key or (0,)
        return int(event_id)


@contextmanager
def undone(database: Database) -> Iterator[Any]:
    """Stand in for `Database.writing`: what a request writes is not kept, so that the world stays as it was made."""
    with database.engine.connect() as connection:
        yield connection
        connection.rollback()
