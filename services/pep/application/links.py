"""Sending personal links to people without an account, seeing what became of them, and taking them back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from services.pep.adapters import children_store, links_store, mail_store, plans_store
from services.pep.adapters.mail_store import Act
from services.pep.adapters.policies import load_calendar, load_policy
from services.pep.application.history import record
from services.pep.application.link_mails import LINK_SUBJECT, link_words
from services.pep.application.plans import load_permitted
from services.pep.domain import periods
from services.pep.domain.links import Holding, Over, PersonalLink, Purpose, may_still_write, why_over
from services.pep.domain.plan import Plan, PlanState
from services.pep.domain.policy import Rule
from shared.contracts.parents import Matter, ParentStanding
from shared.contracts.roles import Role
from shared.kernel.clock import london_date, london_time
from shared.kernel.errors import Conflict, InvalidInput, NoSuchRecord
from shared.kernel.ids import hash_of, new_id, new_secret
from shared.platform import roster, standings
from shared.platform.access import may, permit
from shared.platform.plain_mail import can_be_mailed
from shared.platform.roster import Membership
from shared.platform.standings import KeptStanding
from shared.platform.work import Work

LONGEST_NAME = 200
LONGEST_CAPACITY = 100
NO_ADDRESS = "No e-mail address is recorded"


@dataclass(frozen=True, slots=True)
class SentLink:
    """A link as its list shows it; `mail` says how its mail stands: queued, sent or failed."""

    link: PersonalLink
    over: Over | None
    mail: str


@dataclass(frozen=True, slots=True)
class Candidate:
    """Somebody on the team to whom a link may be sent; `problem` says why it cannot be yet."""

    purpose: Purpose
    member: Membership
    problem: str = ""


@dataclass(frozen=True, slots=True)
class LinksPage:
    """Every link to a plan, the newest first, and to whom another may be sent."""

    plan: Plan
    child_name: str
    links: tuple[SentLink, ...]
    candidates: tuple[Candidate, ...]
    may_send: bool
    may_take_back: bool
    takes_contributions: bool


def links_of(work: Work, plan_id: str) -> LinksPage:
    """Return the links to a plan; raises `NotFound` and `Denied`."""
    plan = load_permitted(work, plan_id, "pep.link.read")
    found = links_store.of_plan(work.connection, plan.id)
    mails = mail_store.states_of(work.connection, [one.id for one in found])
    team = roster.team(work.connection, plan.child_id, work.today)
    holdings = holdings_of(work, plan, team)
    may_send = may(work, "pep.link.send", plan.child_id)
    return LinksPage(
        plan=plan,
        child_name=plans_store.child_names(work.connection, [plan.child_id])[plan.child_id][0],
        links=tuple(SentLink(one, why_over(one, holdings(one), work.now), mails.get(one.id, "")) for one in found),
        candidates=tuple(_candidates(work, plan, team)) if may_send else (),
        may_send=may_send,
        may_take_back=may(work, "pep.link.revoke", plan.child_id),
        takes_contributions=may_send and may_still_write(Purpose.CONTRIBUTION, plan.state),
    )


def send_link(work: Work, plan_id: str, purpose: Purpose, person_id: str) -> PersonalLink:
    """Send a link to somebody on the team for what they do in their role; one sent before for the same is replaced.

    Raises `InvalidInput` for somebody to whom none may be sent, `NotFound` and `Denied`.
    """
    plan = load_permitted(work, plan_id, "pep.link.send")
    team = roster.team(work.connection, plan.child_id, work.today)
    wanted = (purpose, person_id)
    all_of_them = _candidates(work, plan, team)
    candidate = next((one for one in all_of_them if (one.purpose, one.member.person_id) == wanted), None)
    if candidate is None:
        raise InvalidInput({"to": ["Choose somebody from the list."]})
    if candidate.problem:
        raise InvalidInput({"to": [f"{candidate.member.name}: {candidate.problem[0].lower()}{candidate.problem[1:]}."]})
    return _send(work, plan, purpose, person_id, candidate.member.name, "", candidate.member.email or "")


def send_to_guest(work: Work, plan_id: str, name: str, capacity: str, email: str) -> PersonalLink:
    """Send somebody who is not on the team a link to write a contribution; `capacity` says who they are.

    Raises `InvalidInput` by field, `Conflict` where the plan takes no more contributions, `NotFound` and `Denied`.
    """
    plan = load_permitted(work, plan_id, "pep.link.send")
    team = roster.team(work.connection, plan.child_id, work.today)
    name, capacity, email = name.strip(), capacity.strip(), email.strip()
    errors = {}
    if not name or len(name) > LONGEST_NAME:
        errors["name"] = [f"Enter the person’s name, in {LONGEST_NAME} letters or fewer"]
    if not capacity or len(capacity) > LONGEST_CAPACITY:
        errors["capacity"] = [f"Enter who they are, in {LONGEST_CAPACITY} letters or fewer"]
    if not can_be_mailed(email):
        errors["email"] = ["Enter an e-mail address, like name@example.org"]
    elif email.lower() in {(one.email or "").lower() for one in team}:
        errors["email"] = ["Somebody on the team has this address. Send them the link that is for them"]
    if errors:
        raise InvalidInput(errors)
    if not may_still_write(Purpose.CONTRIBUTION, plan.state) or not _in_care(work, plan):
        raise Conflict("plan_takes_no_contribution", "This plan takes no more contributions. Use the next plan.")
    return _send(work, plan, Purpose.CONTRIBUTION, "", name, capacity, email)


def take_back(work: Work, link_id: str) -> PersonalLink:
    """Make a link useless at once; raises `NotFound` and `Denied`. One that is useless already stays so."""
    link = links_store.find(work.connection, link_id)
    if link is None:
        raise NoSuchRecord
    permit(work, "pep.link.revoke", link.child_id)
    if link.taken_back_at is None:
        links_store.take_back(work.connection, link.id, work.actor.name, work.now)
        record(work, link.child_id, link.plan_id, "link_taken_back", name=link.name)
    return link


def holdings_of(work: Work, plan: Plan, team: list[Membership]) -> Holdings:
    """Return how the holders of links to a plan stand today."""
    told = standings.of_child(work.connection, plan.child_id, Matter.PLAN)
    return Holdings(plan, _in_care(work, plan), tuple(team), told, work.now)


@dataclass(frozen=True, slots=True)
class Holdings:
    """Call it with a link: how its holder stands today."""

    plan: Plan
    in_care: bool
    team: tuple[Membership, ...]
    told: Mapping[str, KeptStanding]
    now: datetime

    def __call__(self, link: PersonalLink) -> Holding:
        """Return how the holder of a link to the plan stands."""
        wanted = (link.person_id, link.purpose.role)
        place = next((one for one in self.team if (one.person_id, one.role) == wanted), None)
        guest = link.purpose.role is None
        return Holding(
            state=self.plan.state,
            in_care=self.in_care,
            on_team=guest or place is not None,
            is_told=_is_told(self.told, link.person_id, self.now),
            email=link.email if guest else (place.email or "") if place else link.email,
        )


def _candidates(work: Work, plan: Plan, team: list[Membership]) -> list[Candidate]:
    if not _in_care(work, plan):
        return []
    told = standings.of_child(work.connection, plan.child_id, Matter.PLAN)
    found = []
    for purpose in Purpose:
        reading = purpose is Purpose.PARENT_PLAN
        if plan.state is not PlanState.APPROVED if reading else not may_still_write(purpose, plan.state):
            continue
        for member in team:
            if member.role is purpose.role:
                problem = "" if can_be_mailed(member.email or "") else NO_ADDRESS
                if reading and not _is_told(told, member.person_id, work.now):
                    problem = "It was not decided that they may read the plan"
                found.append(Candidate(purpose, member, problem))
    return found


def _send(
    work: Work, plan: Plan, purpose: Purpose, person_id: str, name: str, capacity: str, email: str
) -> PersonalLink:
    for before in links_store.of_plan(work.connection, plan.id):
        same_holder = before.person_id == person_id and (person_id or before.email.lower() == email.lower())
        if before.taken_back_at is None and before.purpose is purpose and same_holder:
            links_store.take_back(work.connection, before.id, "", work.now)
    lasts = load_policy(plan.authority).at(Rule.PERSONAL_LINK_LASTS, work.today).period
    last_day = periods.after(work.today, lasts, load_calendar(plan.authority))
    secret = new_secret()
    link = PersonalLink(
        id=new_id(),
        secret_hash=hash_of(secret),
        child_id=plan.child_id,
        plan_id=plan.id,
        purpose=purpose,
        person_id=person_id,
        name=name,
        capacity=capacity,
        email=email,
        sent_by=work.actor.person_id,
        sent_by_name=work.actor.name,
        sent_at=work.now,
        expires_at=london_time(last_day + timedelta(days=1), 0),
    )
    links_store.add(work.connection, link)
    address = work.settings.address_of("pep", f"/link/{secret}")
    authority = work.settings.authority(plan.authority)
    words = link_words(purpose, address, link.expires_at, authority.name)
    mail_store.enqueue(work.connection, authority, link, Act.LINK, LINK_SUBJECT, words, work.now)
    who = capacity if person_id == "" else (purpose.role or Role.CARER).title.lower()
    record(work, plan.child_id, plan.id, "link_sent", name=name, who=who, purpose=purpose.words.lower())
    return link


def _in_care(work: Work, plan: Plan) -> bool:
    return children_store.load(work.connection, plan.child_id).in_care


def _is_told(told: Mapping[str, KeptStanding], person_id: str, now: datetime) -> bool:
    return told.get(person_id, KeptStanding()).on(london_date(now)) is ParentStanding.TOLD
