"""The whole main job through the three services' JSON APIs, the real queue between them, and back to where it began."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient

from services.pep.app import SPEC as PEP
from services.pep.application.schools import record_schools
from services.pep.application.team import record_person
from services.pep.domain.schools import School
from services.scheduling.app import SPEC as SCHEDULING
from services.virtual_school.app import SPEC as VIRTUAL_SCHOOL
from shared.contracts.roles import Role
from shared.kernel.clock import FixedClock
from shared.platform.access import system_actor
from shared.platform.app_factory import create_app
from shared.platform.auth import issue_token
from shared.platform.roster import Person
from shared.platform.work import writing_work
from shared.testing.bus import deliver_everything
from shared.testing.runtimes import make_runtime

SPECS = (PEP, SCHEDULING, VIRTUAL_SCHOOL)
STAFF = {
    "sam": (Role.SOCIAL_WORKER, "Sam Osei", None),
    "dee": (Role.DESIGNATED_TEACHER, "Dee Larkin", "900001"),
    "ira": (Role.IRO, "Ira Novak", None),
    "val": (Role.VIRTUAL_SCHOOL_CASEWORKER, "Val Greene", None),
}


class Suite:
    """Three services on one runtime, each with its own database, and the people who use them."""

    def __init__(self, home: Path) -> None:
        self.runtime = make_runtime(home, SPECS)
        self.apps = {spec.name: create_app(spec, self.runtime) for spec in SPECS}
        with writing_work(self.runtime, PEP, system_actor("northmoor")) as work:
            record_schools(work, [School("900001", "Oakfield Academy", "Primary", town="Northmoor")])
            for key, (role, name, urn) in STAFF.items():
                email = f"{key}@people.example"
                record_person(work, Person(key, "northmoor", name, email, frozenset({role}), "Northmoor", urn))
        self.deliver()

    def deliver(self) -> None:
        deliver_everything(self.runtime, SPECS)

    def set_clock(self, *moment: int) -> None:
        clock = self.runtime.clock
        assert isinstance(clock, FixedClock)
        clock.set(datetime(*moment, tzinfo=UTC))  # type: ignore[misc,arg-type]

    def client(self, service: str, key: str) -> FlaskClient:
        client = self.apps[service].test_client()
        token = issue_token(self.runtime.settings.secret, key, self.runtime.clock.now())
        client.environ_base["HTTP_AUTHORIZATION"] = f"Bearer {token}"
        return client

    def get(self, service: str, key: str, path: str) -> Any:
        answer = self.client(service, key).get(f"/api{path}")
        assert answer.status_code == 200, answer.text
        return answer.json

    def send(
        self, service: str, key: str, path: str, body: dict[str, Any], *, read: str = "", put: bool = False
    ) -> Any:
        """Post (or put) JSON; with `read`, under the ETag of what is there."""
        client = self.client(service, key)
        headers = {}
        if read:
            headers["If-Match"] = f'"{client.get(f"/api{read}").get_etag()[0]}"'
        answer = (client.put if put else client.post)(f"/api{path}", json=body, headers=headers)
        assert answer.status_code in (200, 201), answer.text
        self.deliver()
        return answer.json

    def enter_care(self) -> tuple[str, str]:
        """Record a child who becomes looked after; return the ids of the child and of the first plan."""
        child = {
            "reference": "700001",
            "name": "Amara Bright",
            "born_on": "2017-03-09",
            "legal_status": "C2",
            "entered_care_on": "2026-11-18",
            "school_urn": "900001",
            "social_worker": "sam",
            "iro": "ira",
            "virtual_school_caseworker": "val",
        }
        child_id = self.send("pep", "sam", "/children", child)["id"]
        (plan,) = self.get("pep", "sam", "/plans")["items"]
        return child_id, plan["id"]

    def arrange(self, plan_id: str) -> str:
        """Take the first time that scheduling offers for the meeting still to arrange; return the meeting's id."""
        meetings = self.get("scheduling", "sam", f"/meetings?plan_id={plan_id}&state=to_arrange")
        (meeting,) = meetings
        path = f"/meetings/{meeting['id']}"
        slot = self.get("scheduling", "sam", f"{path}/slots")["slots"][0]
        wish = {"start": slot["starts_at"], "end": slot["ends_at"], "place": "Oakfield Academy"}
        self.send("scheduling", "sam", f"{path}/arrangement", wish, read=path)
        return str(meeting["id"])

    def hold(self, meeting_id: str) -> None:
        path = f"/meetings/{meeting_id}"
        self.send("scheduling", "sam", f"{path}/held", {"attended": ["sam", "dee"]}, read=path)

    def fill_in(self, plan_id: str) -> None:
        """Answer every section as its owner, and set a target."""
        samples = {"yes_no": True, "date": "2027-02-01", "number": 9, "money": 10_000}
        for section in self.get("pep", "sam", f"/plans/{plan_id}")["sections"]:
            path = f"/plans/{plan_id}/sections/{section['key']}"
            questions = self.get("pep", "sam", path)["questions"]
            answers = {q["key"]: next(iter(q["options"]), samples.get(q["type"], "In our words")) for q in questions}
            writer = "dee" if section["owner"] == "designated_teacher" else "sam"
            self.send("pep", writer, path, {"answers": answers}, read=path, put=True)
        target = {
            "category": "academic",
            "what": "Read a chapter book alone",
            "measure": "Reading age up by six months",
            "who": "Dee Larkin",
            "by_date": "2027-03-26",
            "how_often": "Three times a week",
            "cost_pence": 25_000,
        }
        self.send("pep", "dee", f"/plans/{plan_id}/targets", target)

    def submit(self, plan_id: str) -> int:
        version = self.get("pep", "dee", f"/plans/{plan_id}")["version"]
        submitted = self.send("pep", "dee", f"/plans/{plan_id}/submission", {"version": version})
        return int(submitted["submission"])

    def rate(self, plan_id: str, submission: int, rating: str, decision: str, *reasons: str) -> None:
        sent = {"submission": submission, "rating": rating, "decision": decision, "reasons": list(reasons)}
        self.send("virtual_school", "val", f"/plans/{plan_id}/rating", sent)


@pytest.fixture
def suite(tmp_path: Path) -> Iterator[Suite]:
    made = Suite(tmp_path)
    yield made
    made.runtime.close()


def test_from_entering_care_to_the_care_plan_and_back_to_a_new_meeting(suite: Suite) -> None:
    child_id, plan_id = suite.enter_care()
    meeting_id = suite.arrange(plan_id)
    plan = suite.get("pep", "dee", f"/plans/{plan_id}")
    assert (plan["state"], plan["meeting"]["id"]) == ("dated", meeting_id)
    assert {one["name"] for one in plan["meeting"]["attendees"]} >= {"Sam Osei", "Dee Larkin"}

    suite.set_clock(2026, 12, 4, 17)
    suite.hold(meeting_id)
    suite.fill_in(plan_id)
    assert suite.submit(plan_id) == 1
    (to_rate,) = suite.get("virtual_school", "val", "/plans?state=submitted")["plans"]
    assert to_rate["id"] == plan_id
    suite.rate(plan_id, 1, "red", "return", "targets_not_smart")
    assert suite.get("pep", "dee", f"/plans/{plan_id}")["state"] == "returned"
    assert suite.submit(plan_id) == 2
    suite.rate(plan_id, 2, "green", "approve")

    care_plan = suite.get("pep", "ira", f"/children/{child_id}/care-plan")
    assert care_plan["current"]["plan_id"] == plan_id
    assert care_plan["current"]["targets"][0]["what"] == "Read a chapter book alone"
    assert date.fromisoformat(care_plan["current"]["next_due_on"]) > date(2027, 1, 1)

    suspension = {"starts_on": "2026-12-03", "ends_on": "2026-12-04", "sessions": 3, "reasons": ["DB"]}
    suite.send("virtual_school", "val", f"/children/{child_id}/suspensions", suspension)
    (concern,) = suite.get("pep", "sam", f"/children/{child_id}/concerns")
    assert (concern["rule"], concern["state"]) == ("suspension", "open")
    page = suite.client("pep", "sam").get(f"/concerns/{concern['id']}").text
    assert "Suspension from 3 December 2026, 3 sessions." in page
    early = {"answer": "early_meeting", "version": concern["version"]}
    suite.send("pep", "sam", f"/concerns/{concern['id']}/answer", early)
    (told,) = suite.get("virtual_school", "val", "/concerns")["concerns"]
    assert told["state"] == "answered"

    second = suite.arrange(plan_id)
    assert second != meeting_id
    suite.set_clock(2026, 12, 21, 17)
    suite.hold(second)
    assert suite.get("pep", "dee", f"/plans/{plan_id}")["state"] == "held"
    suite.rate(plan_id, suite.submit(plan_id), "green", "approve")
    again = suite.get("pep", "ira", f"/children/{child_id}/care-plan")
    assert (again["current"]["submission"], [part["submission"] for part in again["earlier"]]) == (3, [2])

    steps = [(step["code"], step["name"]) for step in suite.get("pep", "ira", f"/plans/{plan_id}/history")][::-1]
    story = [step for step in steps if step[0].startswith(("plan_", "meeting_", "care_plan_", "concern_"))]
    assert story == [
        ("plan_opened", "Sam Osei"),
        ("meeting_arranged", "Sam Osei"),
        ("meeting_held", "Sam Osei"),
        ("plan_submitted", "Dee Larkin"),
        ("plan_returned", "Val Greene"),
        ("plan_submitted", "Dee Larkin"),
        ("plan_approved", "Val Greene"),
        ("care_plan_written", "Val Greene"),
        ("concern_raised", "Val Greene"),
        ("concern_answered_meeting", "Sam Osei"),
        ("meeting_requested", "Sam Osei"),
        ("meeting_arranged", "Sam Osei"),
        ("meeting_held", "Sam Osei"),
        ("plan_submitted", "Dee Larkin"),
        ("concern_closed", "Dee Larkin"),
        ("plan_approved", "Val Greene"),
        ("care_plan_written", "Val Greene"),
    ]


def test_a_later_plan_once_approved_replaces_the_one_before_it_everywhere(suite: Suite) -> None:
    child_id, first = suite.enter_care()
    suite.set_clock(2027, 1, 11, 9)
    for spec in (PEP, VIRTUAL_SCHOOL):
        for job in spec.jobs:
            if job.run_alone is not None:
                job.run_alone(suite.runtime, spec)
            if job.run is not None:
                with writing_work(suite.runtime, spec, system_actor("northmoor")) as work:
                    job.run(work)
    suite.deliver()
    (later,) = [plan["id"] for plan in suite.get("pep", "sam", "/plans")["items"] if plan["id"] != first]
    (late,) = suite.get("virtual_school", "val", "/concerns")["concerns"]
    assert (late["rule"], late["state"]) == ("plan_late", "raised")
    led_to = suite.client("scheduling", "sam").get(f"/plans/{first}/meeting").location
    (meeting,) = suite.get("scheduling", "sam", f"/meetings?plan_id={first}")
    assert led_to == f"/meetings/{meeting['id']}"

    suite.fill_in(later)
    version = suite.get("pep", "dee", f"/plans/{later}")["version"]
    submission = {"version": version, "no_meeting_reason": "The school was closed by flood"}
    suite.send("pep", "dee", f"/plans/{later}/submission", submission)
    suite.rate(later, 1, "green", "approve")

    assert suite.get("pep", "ira", f"/children/{child_id}/care-plan")["current"]["plan_id"] == later
    assert suite.get("pep", "dee", f"/plans/{first}")["state"] == "superseded"
    replaced = suite.get("virtual_school", "val", f"/plans/{first}")
    assert (replaced["state"], replaced["superseded_by"]) == ("superseded", later)
    (concern,) = suite.get("virtual_school", "val", "/concerns")["concerns"]
    assert concern["state"] == "closed"
    (closed,) = suite.get("scheduling", "sam", f"/meetings?plan_id={first}")
    assert closed["state"] == "cancelled"
    assert "A later plan has replaced the one it was for" in suite.client("scheduling", "sam").get(led_to).text
