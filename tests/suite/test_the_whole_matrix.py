"""Every route and API operation of the three services, for every role, towards every kind of child: let in or not.

What is expected is worked out here from the table of permissions and from who stands where, not by the policy function.
A route is known by what it says itself (`@allowed`); where that alone does not tell, `BESIDES` says the rest. A route
whose address has an argument of a new kind fails until `argument` knows what it stands for.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from shared.contracts.parents import Matter
from shared.contracts.permissions import ARRANGES_REVIEWS, IN_EMERGENCIES, PERMISSIONS
from shared.contracts.roles import Role
from shared.platform import roster
from shared.platform.db import Database
from shared.platform.settings import SERVICES
from shared.platform.web import pages
from tests.suite.access_world import AccessWorld, undone

NOWHERE = "00000000-0000-4000-8000-000000000000"
REFUSED = frozenset({401, 403, 404})
DECIDED = (None, Matter.MEETINGS)
"""What the people of this world are told of by a decision; who else may know where the child lives is not decided."""
ACROSS = ("far", "abroad")
"""How people stand to a child of another authority."""


@dataclass(frozen=True)
class Route:
    """One operation: which service, method and address, and the row of the table that it names."""

    service: str
    method: str
    rule: str
    arguments: frozenset[str]
    action: str

    def __str__(self) -> str:
        return f"{self.service}: {self.method} {self.rule}"


@dataclass(frozen=True)
class Stand:
    """Who asks, and how they stand to the child that is asked about.

    It is ours, theirs, former, or abroad (in the care of another authority). People from far off ask about our child
    (far) and about the one on whose team they are themselves (home). `opened` is a child of others whose record they
    opened in an emergency.
    """

    role: Role
    relation: str

    @property
    def person(self) -> str:
        group = {"far": "far", "home": "far", "opened": "hasty"}.get(self.relation, "our")
        return f"{group}-{self.role.value}"

    @property
    def child(self) -> str:
        return {"far": "ours", "home": "far", "abroad": "far", "opened": "theirs"}.get(self.relation, self.relation)

    @property
    def is_own(self) -> bool:
        return self.relation in ("ours", "home")

    def may(self, action: str) -> bool:
        """Tell what the table says of a child: their own by their role, everybody's by their kind."""
        row = PERMISSIONS[action]
        if self.role not in row.fields.get("pep", frozenset(Role)):  # the meetings of this world are PEP meetings
            return False
        if self.relation in ACROSS or (row.matter not in DECIDED and self.role in row.by_decision):
            return False
        if self.relation == "opened" and self.role in row.emergency_roles:
            return True
        return self.role in row.authority or (self.is_own and self.role in row.team and self.is_on_team)

    @property
    def is_on_team(self) -> bool:
        return self.role is not Role.VIRTUAL_SCHOOL_HEAD


def routes_of(service: str, app: Flask) -> Iterator[Route]:
    for rule in app.url_map.iter_rules():
        view: Any = app.view_functions[rule.endpoint]
        for method in sorted((rule.methods or set()) - {"HEAD", "OPTIONS"}):
            holder = getattr(getattr(view, "view_class", None), method.lower(), view)
            says = getattr(holder, "suite_access", "")
            if not says.startswith("public: "):
                yield Route(service, method, rule.rule, frozenset(rule.arguments), says)


def may_see_concern(stand: Stand) -> bool:
    """A concern is read with the care plan, and by whoever promised to do something about it."""
    return stand.may("pep.care_plan.read") or promised(stand)


def promised(stand: Stand) -> bool:
    return stand.is_own and stand.role is Role.DESIGNATED_TEACHER


def may_finish(stand: Stand) -> bool:
    return stand.may("pep.concern.finish_action") and (stand.may("pep.concern.answer") or promised(stand))


def may_see_agreed(stand: Stand) -> bool:
    """What a review agreed is read with the reviews, and by whoever does it."""
    return stand.may("pep.review.read") or promised(stand)


def may_settle_agreed(stand: Stand) -> bool:
    follows = stand.is_own and stand.role in ARRANGES_REVIEWS
    return stand.may("pep.review.settle_action") and (follows or promised(stand))


def may_know_of_review(stand: Stand) -> bool:
    """The meeting of a review is not told to a teacher's delegate."""
    return stand.may("scheduling.meeting.read") and stand.role is not Role.DELEGATE


def may_write_views(stand: Stand) -> bool:
    return stand.may("pep.views.read") and (stand.may("pep.views.give") or stand.may("pep.views.record"))


def may_write_school_section(stand: Stand) -> bool:
    return stand.may("pep.plan.edit_school_sections")


def sent_the_file(stand: Stand) -> bool:
    """What became of a file of marks is shown to whoever sent it: in this world the child's designated teacher."""
    return stand.is_own and stand.role is Role.DESIGNATED_TEACHER


def named_them(stand: Stand) -> bool:
    """A delegation is ended by whoever gave it: in this world the designated teacher of each child."""
    return stand.relation in ("ours", "home") and stand.role is Role.DESIGNATED_TEACHER


def opened_it(stand: Stand) -> bool:
    """A record is closed again by whoever opened it: in this world one person for each child."""
    return stand.is_own and stand.role is Role.VIRTUAL_SCHOOL_CASEWORKER


def has_the_feed(stand: Stand) -> bool:
    """A calendar address is stopped by whoever has it: in this world the child's social worker."""
    return stand.is_own and stand.role is Role.SOCIAL_WORKER


def signed_in_there(stand: Stand) -> bool:
    """A session is its holder's alone: in this world the child's social worker's."""
    return stand.is_own and stand.role is Role.SOCIAL_WORKER


def wrote_it(stand: Stand) -> bool:
    """A point of an agenda is changed by whoever wrote it: in this world the child."""
    return stand.is_own and stand.role is Role.CHILD


def may_take_out(stand: Stand) -> bool:
    """It is taken out by whoever wrote it, and by those who put the agenda in order."""
    return wrote_it(stand) or stand.may("scheduling.agenda.order")


def drafted_it(stand: Stand) -> bool:
    """A draft of a term is drafted again and sent by whoever made it: in this world the Virtual School head."""
    return stand.role is Role.VIRTUAL_SCHOOL_HEAD and stand.relation not in ACROSS


BESIDES: Mapping[str, Callable[[Stand], bool]] = {
    "pep: GET /api/concerns/<concern_id>": may_see_concern,
    "pep: GET /concerns/<concern_id>": may_see_concern,
    "pep: POST /api/concerns/<concern_id>/done": may_finish,
    "pep: POST /concerns/<concern_id>/done": may_finish,
    "pep: GET /api/review-actions/<action_id>": may_see_agreed,
    "pep: GET /review-actions/<action_id>": may_see_agreed,
    "pep: POST /api/review-actions/<action_id>/outcome": may_settle_agreed,
    "pep: POST /review-actions/<action_id>": may_settle_agreed,
    "scheduling: GET /reviews/<review_id>/meeting": may_know_of_review,
    "pep: PUT /api/plans/<plan_id>/views": may_write_views,
    "pep: POST /plans/<plan_id>/views": may_write_views,
    "pep: PUT /api/plans/<plan_id>/sections/<key>": may_write_school_section,
    "pep: POST /plans/<plan_id>/sections/<key>": may_write_school_section,
    "pep: POST /sessions/<session_id>/end": signed_in_there,
    "scheduling: POST /feeds/<feed_id>/stop": has_the_feed,
    "scheduling: DELETE /api/feeds/<feed_id>": has_the_feed,
    "scheduling: GET /meetings/<meeting_id>/agenda/points/<point_id>": wrote_it,
    "scheduling: POST /meetings/<meeting_id>/agenda/points/<point_id>": wrote_it,
    "scheduling: PUT /api/meetings/<meeting_id>/agenda/points/<point_id>": wrote_it,
    "scheduling: POST /meetings/<meeting_id>/agenda/points/<point_id>/removal": may_take_out,
    "scheduling: DELETE /api/meetings/<meeting_id>/agenda/points/<point_id>": may_take_out,
    "pep: POST /emergency/<opening_id>/end": opened_it,
    "pep: POST /delegations/<delegation_id>/withdrawal": named_them,
    **{
        f"scheduling: {method}/term-plans/<term_plan_id>{rest}": drafted_it
        for method, rest in (
            ("POST ", "/again"),
            ("POST ", "/days-off"),
            ("POST ", "/days-off/<int:day_off>/removal"),
            ("POST ", "/stop"),
            ("POST ", "/discard"),
            ("GET ", "/send"),
            ("POST ", "/send"),
            ("POST /api", "/drafting"),
            ("POST /api", "/days-off"),
            ("POST /api", "/sending"),
            ("DELETE /api", ""),
        )
    },
    "virtual_school: GET /api/attendance-imports/<upload_id>": sent_the_file,
    "virtual_school: GET /attendance/uploads/<upload_id>": sent_the_file,
    "virtual_school: GET /attendance/uploads/<upload_id>/problems.csv": sent_the_file,
}
"""Who is let in where the row that a route names does not say it all."""

TARGET = {"category": "academic", "what": "Read a book"}
MEETING = {"start": "2026-12-08T10:00:00Z", "end": "2026-12-08T11:00:00Z", "place": "Oakfield Academy"}
BODIES: Mapping[str, Mapping[str, Any]] = {
    "pep: POST /api/team/<membership_id>/end": {"until": "2026-12-01"},
    "pep: POST /api/team/<membership_id>/handover": {"person_id": "our-iro", "from_date": "2026-12-01"},
    "pep: POST /api/people/<person_id>/handover": {
        "role": "iro",
        "person_id": "<person_id>",
        "from_date": "2026-12-01",
    },
    "pep: POST /api/plans/<plan_id>/submission": {"version": 1},
    "pep: PUT /api/plans/<plan_id>/sections/<key>": {"answers": {}},
    "pep: POST /plans/<plan_id>/sections/<key>": {"version": 0},
    "pep: POST /plans/<plan_id>/views": {"version": 0},
    "pep: POST /api/plans/<plan_id>/targets": TARGET,
    "pep: PUT /api/targets/<target_id>": TARGET,
    "pep: PUT /api/targets/<target_id>/review": {"outcome": "met"},
    "pep: POST /api/concerns/<concern_id>/answer": {"answer": "early_meeting", "version": 1},
    "pep: POST /api/concerns/<concern_id>/done": {"version": 1},
    "pep: POST /concerns/<concern_id>/done": {"version": 1},
    "pep: PUT /api/reviews/<review_id>/record": {
        "version": 1,
        "child_there": True,
        "how": "spoke",
        "seen_alone": True,
        "decisions": ["It goes on."],
    },
    "pep: POST /api/reviews/<review_id>/actions": {
        "what": "Find a tutor",
        "owner_id": "nobody",
        "by_date": "2026-12-18",
        "for_plan": True,
    },
    "pep: POST /api/reviews/<review_id>/withdrawal": {"version": 1, "why": "Nobody needs it now."},
    "pep: POST /api/review-actions/<action_id>/outcome": {"version": 1, "done": True},
    "pep: POST /review-actions/<action_id>": {"version": 1, "done": "yes"},
    "pep: POST /api/disagreements/<disagreement_id>/stages": {
        "stage": "settled",
        "on": "2026-11-23",
        "note": "It is settled.",
        "version": 1,
    },
    "scheduling: POST /api/meetings/<meeting_id>/arrangement": MEETING,
    "scheduling: PUT /api/meetings/<meeting_id>/arrangement": MEETING,
    "scheduling: POST /api/meetings/<meeting_id>/invitees/<invitee_id>/seat": {"person_id": "nobody", "version": 1},
    "scheduling: POST /api/meetings/<meeting_id>/invitees/<invitee_id>/without": {
        "why": "could_not_wait",
        "version": 1,
    },
    "scheduling: POST /api/meetings/<meeting_id>/online": {"joining_link": "https://meet.example/a", "version": 1},
    "scheduling: POST /api/meetings/<meeting_id>/answers": {"invitee_id": "<invitee_id>", "answer": "accepted"},
    "scheduling: POST /api/meetings/<meeting_id>/agenda/points": {"text": "The trip"},
    "scheduling: PUT /api/meetings/<meeting_id>/agenda/points/<point_id>": {"text": "The trip"},
    "scheduling: PUT /api/meetings/<meeting_id>/agenda/order": {"points": []},
    "scheduling: POST /api/meetings/<meeting_id>/poll": {"times": [], "closes_on": "2026-12-10"},
    "scheduling: PUT /api/meetings/<meeting_id>/poll/closing-date": {"closes_on": "2026-12-10"},
    "scheduling: PUT /api/meetings/<meeting_id>/poll/respondents/<respondent_id>": {"choices": {}},
    "scheduling: PUT /api/meetings/<meeting_id>/poll/mine": {"choices": {}},
    "scheduling: POST /api/meetings/<meeting_id>/held": {"attended": ["nobody"]},
    "scheduling: POST /api/children/<child_id>/lessons": {
        "what": "art",
        "weekday": 2,
        "starts": "10:00",
        "ends": "11:00",
    },
    "scheduling: POST /children/<child_id>/unwanted": {"name": "Somebody Else"},
    "scheduling: POST /api/children/<child_id>/unwanted": {"name": "Somebody Else"},
    "scheduling: POST /api/rooms": {"name": "Committee room", "site": "Town Hall"},
    "scheduling: POST /api/schools/<urn>/rooms": {"name": "Library"},
    "scheduling: PUT /api/rooms/<room_id>": {"name": "Library"},
    "scheduling: PUT /api/schools/<urn>/day": {
        "starts": "09:00",
        "ends": "15:00",
        "lunch_starts": "12:00",
        "lunch_ends": "13:00",
    },
    "scheduling: PUT /api/people/<person_id>/hours": {
        "from_date": "2026-12-01",
        "hours": [{"weekday": 0, "starts": "09:00", "ends": "15:00"}],
    },
    "scheduling: POST /api/term-plans": {"first": "2026-11-24", "last": "2026-12-18"},
    "scheduling: POST /api/term-plans/<term_plan_id>/days-off": {
        "person_id": "<person_id>",
        "first": "2026-11-24",
        "last": "2026-11-24",
    },
    "virtual_school: POST /api/plans/<plan_id>/rating": {"submission": 1, "rating": "green", "decision": "approve"},
}
"""What is sent where an empty body would be refused before anybody looks at who asks."""


def argument(world: AccessWorld, route: Route, name: str, child: str) -> str:
    """Return what an argument of an address stands for; a `LookupError` for one of a new kind."""
    if name == "mail_id":
        kind = "unsent_mail" if route.rule.endswith("/again") else "held_mail"
        name = "unknown_mail" if route.rule.startswith("/mails") else kind
    if name == "kept_id":
        return "of-nobody"  # a kept form is its writer's alone; without one they are led to their work
    if name == "event_id":
        name = f"{route.service}_event"
    return world.things[child][name]


def ask(client: FlaskClient, world: AccessWorld, route: Route, child: str) -> TestResponse:
    """Send a route's request about a child (or about nothing there is), and return the answer."""

    def filled(text: str) -> str:
        for name in re.findall(r"<(?:int:)?(\w+)>", text):
            none = "0" if name == "event_id" else NOWHERE
            value = none if child == NOWHERE else argument(world, route, name, child)
            text = re.sub(rf"<(?:int:)?{name}>", value, text)
        return text

    given = BODIES.get(str(route), {})
    body = {key: filled(value) if isinstance(value, str) else value for key, value in given.items()}
    sent: dict[str, Any] = {"json" if route.rule.startswith("/api/") else "data": body}
    return client.open(filled(route.rule), method=route.method, headers={"If-Match": "*"}, **sent)


def expected(route: Route, stand: Stand) -> bool:
    if str(route) in BESIDES:
        return BESIDES[str(route)](stand)
    if route.arguments - {"kept_id", "urn", "phase", "version"}:
        return stand.may(route.action)
    row = PERMISSIONS[route.action]
    return stand.role in row.team | row.authority


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[AccessWorld]:
    made = AccessWorld(tmp_path_factory.mktemp("matrix"))
    yield made
    made.runtime.close()


@pytest.fixture(autouse=True)
def light(world: AccessWorld, monkeypatch: pytest.MonkeyPatch) -> None:
    """Undo what a request writes, draw no pages and look nobody up twice: who is let in is what counts here."""
    monkeypatch.setattr(Database, "writing", undone)
    monkeypatch.setattr(pages, "render_template", lambda _name, **given: given.get("message", ""))
    monkeypatch.setattr(roster, "person", lambda _connection, person_id: world.people.get(person_id))


@pytest.mark.parametrize("service", SERVICES)
def test_every_route_lets_in_exactly_those_whom_the_table_names(world: AccessWorld, service: str) -> None:
    """And refuses the record of a child whom somebody may not know of just as it refuses one that there is not."""
    wrong = []
    for route in routes_of(service, world.apps[service]):
        for role in Role:
            for relation in relations(route, role):
                stand = Stand(role, relation)
                client = world.client(service, stand.person)
                answer = ask(client, world, route, stand.child)
                if (answer.status_code not in REFUSED) is not expected(route, stand):
                    wrong.append(f"{route} as {role.value} of {relation}: {answer.status_code}")
                unknown = relation in ("theirs", *ACROSS) and not stand.may(f"{service}.child.read")
                if unknown and is_about_a_child(route):
                    none = ask(client, world, route, NOWHERE)
                    if refusal(answer) != refusal(none):
                        wrong.append(f"{route} as {role.value}: {refusal(answer)}, where there is none {refusal(none)}")
    assert wrong == []


def relations(route: Route, role: Role) -> tuple[str, ...]:
    """Return the children to ask about: their own alone for a role that the row names nowhere, and never lets in."""
    row = PERMISSIONS[route.action]
    if role not in row.team | row.authority:
        return ("ours",)
    if not route.arguments:
        return ("ours", "home")
    opened = ("opened",) if role in IN_EMERGENCIES else ()
    return ("ours", "theirs", "former", "far", "abroad", "home", *opened)


def is_about_a_child(route: Route) -> bool:
    own = {
        "erasure_id",
        "hold_id",
        "room_id",
        "urn",
        "day",
        "person_id",
        "event_id",
        "session_id",
        "kept_id",
        "opening_id",
        "delegation_id",
        "feed_id",
        "term_plan_id",
        "day_off",
        "phase",
        "version",
    }
    return bool(route.arguments - own) and not route.rule.startswith("/mails")


def refusal(answer: TestResponse) -> tuple[int, ...]:
    """Return what a refusal says, but for the number of the request."""
    said = answer.json if answer.is_json else {"detail": answer.text}
    return answer.status_code, said.get("code", ""), said.get("detail", "")
