"""Who has looked at a child's record: what a service's audit has of it, for those who answer for the record."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from flask import Blueprint, Flask, Response, request, url_for
from sqlalchemy import Connection

from shared.contracts.permissions import PERMISSIONS
from shared.contracts.roles import ROLE_TITLES, Role
from shared.kernel.errors import NoSuchRecord
from shared.platform import roster
from shared.platform.access import ACTING_FOR
from shared.platform.audit import Asked, Entry, of_child, people_who_looked
from shared.platform.service import ServiceSpec
from shared.platform.settings import SERVICES
from shared.platform.trail import Kind
from shared.platform.web.access import allowed
from shared.platform.web.chips import filter_chips
from shared.platform.web.forms import FormState
from shared.platform.web.links import service_url
from shared.platform.web.pages import render_page
from shared.platform.web.tables_as_csv import csv_answer
from shared.platform.web.unit import reading
from shared.platform.work import Work

PAGE_SIZE = 50
MOST_TAKEN_AWAY = 100_000
PERIODS: Mapping[str, tuple[str, timedelta]] = {
    "day": ("The last 24 hours", timedelta(days=1)),
    "week": ("The last 7 days", timedelta(days=7)),
    "month": ("The last 30 days", timedelta(days=30)),
    "year": ("The last year", timedelta(days=365)),
}
KINDS: Mapping[Kind, str] = {
    Kind.VIEW: "Looked",
    Kind.CHANGE: "Changed",
    Kind.DENIAL: "Was refused",
    Kind.EXPORT: "Took a copy away",
    Kind.LINK: "Used a personal link",
    Kind.BREAK_GLASS: "Opened it in an emergency",
    Kind.SIGN_IN: "Signed in",
    Kind.SIGN_OUT: "Signed out",
}
WAYS = {"page": "Page", "api": "Program", "suite": "The suite itself"}
LINKS = {
    "scheduling.invitation.read": "See an invitation to a meeting",
    "scheduling.invitation.answer": "Answer an invitation to a meeting",
    "pep.personal_link.read": "Open a personal link",
    "pep.personal_link.send_code": "Ask for a code for a personal link",
    "pep.personal_link.enter_code": "Enter a code for a personal link",
    "pep.personal_link.leave": "Close what a personal link had opened",
}
PLACES = {"pep": "Plans and record", "scheduling": "Meetings", "virtual_school": "Virtual School"}
HEADING = ("When", "Who", "Acting as", "For", "Did", "What", "By", "Reason", "Reference")


@dataclass(frozen=True, slots=True)
class Line:
    """An entry in words."""

    at: datetime
    who: str
    acting_as: str
    organisation: str
    kind: Kind
    did: str
    what: str
    way: str
    why: str
    reference: str


def register(app: Flask, spec: ServiceSpec) -> None:
    """Add the page and its file to a service that knows children and whose permissions name who may see it."""
    action = f"{spec.name}.audit.read"
    if action in PERMISSIONS and spec.child_name is not None:
        app.register_blueprint(_pages(spec, action, spec.child_name))


def _pages(spec: ServiceSpec, action: str, child_name: Callable[[Connection, str], str]) -> Blueprint:
    pages = Blueprint("who_looked", __name__, url_prefix="/children/<child_id>")

    @pages.get("/who-looked")
    @allowed(action)
    def show(child_id: str) -> Response:
        number = max(1, request.args.get("page", 1, type=int))
        with reading() as work:
            name = _known(work, child_id)
            asked = _asked(child_id, work.now)
            entries, total = of_child(work.connection, asked, limit=PAGE_SIZE, offset=(number - 1) * PAGE_SIZE)
            people = _names(work, {*people_who_looked(work.connection, child_id)})
            names = people | _names(work, _acted_for(entries))
        given: dict[str, Any] = {
            key: value for key, value in request.args.items() if key in ("person", "period") and value
        }
        return render_page(
            "audit/who_looked.html",
            title=f"Who has looked at the record of {name}",
            wide=True,
            name=name,
            record=service_url("pep", f"/children/{child_id}"),
            lines=[_line(entry, names) for entry in entries],
            total=total,
            people=[{"value": key, "text": words} for key, words in sorted(people.items(), key=lambda one: one[1])],
            periods=[{"value": key, "text": words} for key, (words, _) in PERIODS.items()],
            form=FormState.asked(),
            chips=filter_chips(
                url_for(".show", child_id=child_id),
                request.args,
                {
                    "person": lambda one: people.get(one, "Somebody else"),
                    "period": lambda one: PERIODS[one][0] if one in PERIODS else "Ever",
                },
            ),
            page=number,
            page_count=max(1, -(-total // PAGE_SIZE)),
            page_url=lambda wanted: url_for(".show", child_id=child_id, page=wanted, **given),
            here=url_for(".show", child_id=child_id),
            download=url_for(".download", child_id=child_id, **given),
            places=[
                {"text": PLACES[one], "href": service_url(one, f"/children/{child_id}/who-looked"),
                 "current": one == spec.name}
                for one in SERVICES
            ],
        )  # fmt: skip

    @pages.get("/who-looked.csv")
    @allowed(f"{spec.name}.audit.export")
    def download(child_id: str) -> Response:
        with reading() as work:
            _known(work, child_id)
            entries, _ = of_child(work.connection, _asked(child_id, work.now), limit=MOST_TAKEN_AWAY)
            people = _names(work, {entry.person_id for entry in entries} | _acted_for(entries))
            today = work.today
        return csv_answer(
            f"who-looked-{spec.name}-{today.isoformat()}.csv", HEADING, (_cells(_line(one, people)) for one in entries)
        )

    def _known(work: Work, child_id: str) -> str:
        name = child_name(work.connection, child_id)
        if not name:
            raise NoSuchRecord
        return name

    return pages


def _asked(child_id: str, now: datetime) -> Asked:
    """Return what the address asks for; a period that is none means ever."""
    period = PERIODS.get(request.args.get("period", ""))
    return Asked(child_id, request.args.get("person", ""), since=now - period[1] if period else None)


def _names(work: Work, ids: set[str]) -> dict[str, str]:
    found = roster.people_by_id(work.connection, ids - {""})
    return {one: found[one].name if one in found else "Somebody who is not known here" for one in ids - {""}}


def _line(entry: Entry, people: Mapping[str, str]) -> Line:
    permission = PERMISSIONS.get(entry.action)
    return Line(
        at=entry.at,
        who=people.get(entry.person_id, "") or "PEP Suite",
        acting_as=ROLE_TITLES[Role(entry.acting_as)] if entry.acting_as in set(Role) else "",
        organisation=entry.organisation,
        kind=entry.kind,
        did=KINDS[entry.kind],
        what=permission.what if permission else LINKS.get(entry.action, entry.action),
        way=WAYS.get(entry.way, entry.way),
        why=_why(entry, people),
        reference=entry.correlation_id,
    )


def _acted_for(entries: Iterable[Entry]) -> set[str]:
    """Return the ids of those for whom delegates acted."""
    return {one.why.removeprefix(ACTING_FOR) for one in entries if one.why.startswith(ACTING_FOR)}


def _why(entry: Entry, people: Mapping[str, str]) -> str:
    """Return the reason that was given, or for whom a delegate acted."""
    person_id = entry.why.removeprefix(ACTING_FOR)
    return entry.why if person_id == entry.why else f"For {people.get(person_id, 'somebody who is not known here')}"


def _cells(line: Line) -> tuple[str, ...]:
    return (
        f"{line.at:%Y-%m-%dT%H:%M:%SZ}", line.who, line.acting_as, line.organisation, line.did, line.what, line.way,
        line.why, line.reference,
    )  # fmt: skip
