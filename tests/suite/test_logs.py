"""One click can be followed through the services' logs, and no log line tells of anybody."""

from __future__ import annotations

import io
import json
import logging
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import insert

from services.pep.app import SPEC as PEP
from services.pep.application.schools import record_schools
from services.pep.application.team import record_person
from services.pep.domain.schools import School
from services.scheduling.app import SPEC as SCHEDULING
from services.virtual_school.app import SPEC as VIRTUAL_SCHOOL
from shared.contracts.roles import Role
from shared.platform.access import system_actor
from shared.platform.app_factory import create_app
from shared.platform.auth import issue_token
from shared.platform.logs import JsonLines
from shared.platform.mail import MailNotSent
from shared.platform.roster import Person
from shared.platform.runtime import Runtime
from shared.platform.service import Job
from shared.platform.work import Work, writing_work
from shared.platform.worker import _run
from shared.testing.bus import deliver_everything
from shared.testing.runtimes import make_runtime

SPECS = (PEP, SCHEDULING, VIRTUAL_SCHOOL)
CANARIES = ("Wilhelmina", "Quetzal", "wilhelmina.q@people.example", "the hamster under the stairs", "C0FFEE-UPN")
CHILD = {
    "reference": "700001",
    "name": "Wilhelmina Quetzal",
    "born_on": "2017-03-09",
    "legal_status": "C2",
    "entered_care_on": "2026-11-18",
    "school_urn": "900001",
    "social_worker": "sam",
    "iro": "ira",
    "virtual_school_caseworker": "val",
}


@pytest.fixture
def lines() -> Iterator[io.StringIO]:
    """Everything this process logs, down to DEBUG, as the suite writes it."""
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(JsonLines("test"))
    root = logging.getLogger()
    level = root.level
    root.addHandler(handler)
    root.setLevel(logging.DEBUG)
    yield stream
    root.removeHandler(handler)
    root.setLevel(level)


@pytest.fixture
def runtime(tmp_path: Path) -> Iterator[Runtime]:
    runtime = make_runtime(tmp_path, SPECS)
    with writing_work(runtime, PEP, system_actor("northmoor")) as work:
        record_schools(work, [School("900001", "Oakfield Academy", "Primary", town="Northmoor")])
        for key, role in {"sam": Role.SOCIAL_WORKER, "ira": Role.IRO, "val": Role.VIRTUAL_SCHOOL_CASEWORKER}.items():
            person = Person(key, "northmoor", f"Quetzal {key}", CANARIES[2], frozenset({role}), "Northmoor", None)
            record_person(work, person)
    yield runtime
    runtime.close()


def client(runtime: Runtime, service: str, key: str) -> FlaskClient:
    app = create_app({spec.name: spec for spec in SPECS}[service], runtime)
    found = app.test_client()
    token = issue_token(runtime.settings.secret, key, runtime.clock.now())
    found.environ_base["HTTP_AUTHORIZATION"] = f"Bearer {token}"
    return found


def records(lines: io.StringIO) -> list[dict[str, Any]]:
    return [json.loads(line) for line in lines.getvalue().splitlines()]


def assert_tells_of_nobody(lines: io.StringIO) -> None:
    text = lines.getvalue()
    assert text.count("\n") >= 2
    assert [canary for canary in CANARIES if canary in text] == []


def test_one_click_is_followed_through_three_services(runtime: Runtime, lines: io.StringIO) -> None:
    heard: list[tuple[str, str]] = []

    def telling(spec: Any) -> Any:
        def wrapped(reaction: Any) -> Any:
            def react(work: Work, fact: object) -> None:
                logging.getLogger("services.test").info("heard")
                heard.append((work.correlation_id, work.traceparent))
                reaction(work, fact)

            return react

        return replace(spec, subscriptions={kind: wrapped(each) for kind, each in spec.subscriptions.items()})

    deliver_everything(runtime, SPECS)
    trace = "00-" + "ab" * 16 + "-" + "cd" * 8 + "-01"
    answer = client(runtime, "pep", "sam").post(
        "/api/children", json=CHILD, headers={"X-Correlation-Id": "one-click", "traceparent": trace}
    )
    assert answer.status_code == 201, answer.text
    assert answer.headers["X-Correlation-Id"] == "one-click"
    deliver_everything(runtime, [telling(spec) for spec in SPECS])

    followed = [each for each in records(lines) if each.get("correlation_id") == "one-click"]
    assert {each["service"] for each in followed} == {"pep", "scheduling", "virtual_school"}
    assert {each["traceparent"][3:35] for each in followed} == {"ab" * 16}
    assert {correlation for correlation, _ in heard} == {"one-click"}
    spans = {traceparent[36:52] for _, traceparent in heard}
    assert len(spans) == len(heard), "each hop has a span of its own"
    request = next(each for each in followed if "route" in each)
    assert (request["route"], request["method"], request["status"]) == ("/api/children", "POST", 201)
    assert request["actor"] == "sam"
    assert_tells_of_nobody(lines)


def test_a_correlation_id_that_is_no_id_is_not_believed(runtime: Runtime, lines: io.StringIO) -> None:
    answer = client(runtime, "pep", "sam").get("/health/live", headers={"X-Correlation-Id": "Wilhelmina Quetzal"})
    assert answer.headers["X-Correlation-Id"] != "Wilhelmina Quetzal"


def test_nothing_searched_for_or_refused_gets_into_the_log(runtime: Runtime, lines: io.StringIO) -> None:
    visitor = client(runtime, "pep", "sam")
    visitor.get("/children?q=Wilhelmina")
    visitor.get("/children/Wilhelmina%20Quetzal")
    visitor.get("/nowhere/Wilhelmina")
    visitor.post("/api/children", json={**CHILD, "born_on": "the hamster under the stairs", "upn": "C0FFEE-UPN"})
    assert_tells_of_nobody(lines)


def test_an_unexpected_error_in_a_page_tells_its_way_and_not_what_it_held(runtime: Runtime, lines: io.StringIO) -> None:
    app = create_app(PEP, runtime)

    def fall() -> str:
        name = "Wilhelmina Quetzal"
        try:
            raise ValueError(f"{name} has {CANARIES[3]}")
        except ValueError as error:
            raise KeyError(name) from error

    app.add_url_rule("/fall", view_func=fall)
    assert app.test_client().get("/fall").status_code == 500
    assert_tells_of_nobody(lines)
    fallen = next(each for each in records(lines) if "error" in each)
    assert fallen["error"] == "KeyError"
    assert "ValueError" in fallen["way"]
    assert any("test_logs.py" in step and "fall" in step for step in fallen["way"])
    assert fallen["correlation_id"]


def test_a_reaction_that_fails_tells_neither_the_log_nor_the_desk_what_it_held(
    runtime: Runtime, lines: io.StringIO
) -> None:
    def doubled(work: Work, _fact: object) -> None:
        person = work.metadata.tables["person"]
        row = {"id": "twice", "authority": "northmoor", "name": "Wilhelmina Quetzal", "email": CANARIES[2],
               "kinds": [], "organisation": CANARIES[3], "active": True}  # fmt: skip
        work.connection.execute(insert(person), [row, row])

    def fall(_work: Work, fact: object) -> None:
        raise ValueError(f"cannot keep {fact}")

    poisoned = [
        PEP,
        replace(SCHEDULING, subscriptions=dict.fromkeys(SCHEDULING.subscriptions, doubled)),
        replace(VIRTUAL_SCHOOL, subscriptions=dict.fromkeys(VIRTUAL_SCHOOL.subscriptions, fall)),
    ]
    client(runtime, "pep", "sam").post("/api/children", json={**CHILD, "upn": "C0FFEE-UPN"})
    deliver_everything(runtime, poisoned, held_is_fine=True)
    assert_tells_of_nobody(lines)
    assert {each["error"].partition(":")[0] for each in records(lines) if "error" in each} == {
        "IntegrityError",
        "ValueError",
    }
    for service in ("scheduling", "virtual_school"):
        with runtime.database(service).reading() as connection:
            table = PEP.metadata.tables["inbox_event"]
            reasons = " ".join(row.reason for row in connection.execute(table.select()))
        assert "test_logs.py" in reasons
        assert [canary for canary in CANARIES if canary in reasons] == []


def test_a_job_that_fails_tells_nothing_of_whom_it_failed_for(runtime: Runtime, lines: io.StringIO) -> None:
    def fall(_work: Work) -> None:
        raise MailNotSent(f"{CANARIES[2]}: no such mailbox", permanent=True)

    _run(Job("send_mails", every=timedelta(hours=1), run=fall), PEP, runtime)
    (told,) = [each for each in records(lines) if "error" in each]
    assert told["message"] == "The job send_mails of pep failed"
    assert (told["service"], told["error"]) == ("pep", "MailNotSent")
    assert told["correlation_id"]
    assert CANARIES[2] not in lines.getvalue()


def test_of_what_a_library_says_only_the_numbers_are_told(lines: io.StringIO) -> None:
    logging.getLogger("somebody.else").warning("Mail to %s took %d ms", CANARIES[2], 12)
    logging.getLogger("somebody.else").warning("%(who)s waits", {"who": "Wilhelmina"})
    assert [each["message"] for each in records(lines)] == ["Mail to … took 12 ms", "… waits"]
