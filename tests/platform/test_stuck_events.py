"""Events that got stuck: those who look after a service see what and why, let them go on or give them up."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from flask.testing import FlaskClient

from shared.contracts.envelope import Envelope
from shared.contracts.roles import Role
from shared.kernel.clock import FixedClock
from shared.platform.app_factory import create_app
from shared.platform.auth import issue_token
from shared.platform.desk import held_events
from shared.platform.inbox import Inbox
from shared.platform.inbox_tables import Held
from shared.platform.mending import mended
from shared.platform.runtime import Runtime
from shared.platform.stuck import what_it_says
from shared.testing.bus import deliver_everything, publish
from shared.testing.ledger import effects, fact, listener, teller
from shared.testing.pages import check_page
from shared.testing.runtimes import add_person, make_runtime

TELLER, LISTENER = teller(), listener()


def refuse(_work: object, _fact: object) -> None:
    raise ZeroDivisionError


@pytest.fixture
def runtime(tmp_path: Path) -> Iterator[Runtime]:
    """A service that holds two facts about one child: the first is parked, the second waits for it."""
    runtime = make_runtime(tmp_path, [TELLER, LISTENER])
    add_person(runtime, LISTENER, "head", Role.VIRTUAL_SCHOOL_HEAD, name="Hana Lind")
    add_person(runtime, LISTENER, "sam", Role.SOCIAL_WORKER)
    publish(runtime, TELLER, "child/a", fact("a", 1), fact("a", 2))
    poisoned = replace(LISTENER, subscriptions=dict.fromkeys(LISTENER.subscriptions, refuse))
    for _ in range(5):
        deliver_everything(runtime, [TELLER, poisoned], held_is_fine=True)
        runtime.clock = FixedClock(runtime.clock.now() + timedelta(seconds=20))
    yield runtime
    runtime.close()


def visitor(runtime: Runtime, key: str) -> FlaskClient:
    client = create_app(LISTENER, runtime).test_client()
    token = issue_token(runtime.settings.secret, key, runtime.clock.now())
    client.environ_base["HTTP_AUTHORIZATION"] = f"Bearer {token}"
    return client


def parked_id(runtime: Runtime) -> int:
    with runtime.database(LISTENER.name).reading() as connection:
        (parked,) = held_events(connection, states=frozenset({Held.PARKED}))
    return parked.id


def test_who_looks_after_the_service_sees_what_is_stuck_and_why(runtime: Runtime) -> None:
    page = visitor(runtime, "head").get("/events").text
    check_page(page)
    assert "pep.child.details_changed.v1" in page
    assert "ZeroDivisionError" in page
    assert "Waits for an earlier one" in page
    assert re.search(r"numeric\">5<", page)


def test_the_page_of_an_event_leaves_out_what_is_personal(runtime: Runtime) -> None:
    page = visitor(runtime, "head").get(f"/events/{parked_id(runtime)}").text
    check_page(page)
    assert "left out: personal" in page
    assert "Child a" not in page
    assert "primary" in page


def test_nobody_else_sees_it(runtime: Runtime) -> None:
    for path in ("/events", f"/events/{parked_id(runtime)}"):
        assert visitor(runtime, "sam").get(path).status_code == 403
    assert visitor(runtime, "sam").post(f"/events/{parked_id(runtime)}/replay").status_code == 403


def test_a_mended_event_is_tried_again_and_what_waited_follows(runtime: Runtime) -> None:
    number = parked_id(runtime)
    assert visitor(runtime, "head").post(f"/events/{number}/replay").status_code == 303
    deliver_everything(runtime, [TELLER, LISTENER])
    with runtime.database(LISTENER.name).reading() as connection:
        assert effects(connection, LISTENER) == {"a": [1, 2]}
        (step,) = mended(connection)
    assert (step.done, step.by, step.event_id, step.subject, step.version) == ("replayed", "head", number, "child/a", 1)
    assert "Tried again, event" in visitor(runtime, "head").get("/events").text
    assert "Hana Lind" in visitor(runtime, "head").get("/events").text


def test_an_event_is_given_up_with_a_reason_only(runtime: Runtime) -> None:
    number = parked_id(runtime)
    refused = visitor(runtime, "head").post(f"/events/{number}/discard", data={"why": " "})
    assert refused.status_code == 422
    assert "Enter why it is given up" in refused.text
    given = visitor(runtime, "head").post(f"/events/{number}/discard", data={"why": "Sent by mistake"})
    assert given.status_code == 303
    deliver_everything(runtime, [TELLER, LISTENER])
    with runtime.database(LISTENER.name).reading() as connection:
        assert effects(connection, LISTENER) == {"a": [2]}
        (step,) = mended(connection)
    assert (step.done, step.by, step.why) == ("discarded", "head", "Sent by mistake")
    assert visitor(runtime, "head").get("/events/999").status_code == 404


def test_bytes_that_are_no_event_are_shown_and_cannot_be_replayed(runtime: Runtime) -> None:
    Inbox(LISTENER, runtime, ("pep", "scheduling")).receive([b"\xff\xfe Wilhelmina"])
    with runtime.database(LISTENER.name).reading() as connection:
        (unreadable,) = held_events(connection, states=frozenset({Held.UNREADABLE}))
    page = visitor(runtime, "head").get(f"/events/{unreadable.id}").text
    assert "Bytes that are no event" in page
    assert "Wilhelmina" not in page
    assert visitor(runtime, "head").post(f"/events/{unreadable.id}/replay").status_code == 409


def test_what_an_undeclared_field_says_is_not_shown(runtime: Runtime) -> None:
    body = Envelope(
        id="1", source="pep", type="pep.child.left_care.v1", subject="child/a", subject_version=1,
        time=runtime.clock.now(), data={"child_id": "a", "left_on": "2026-11-01", "note": "Wilhelmina"},
        correlation_id="c",
    ).to_bytes()  # fmt: skip
    assert what_it_says(body) == {"child_id": "a", "left_on": "2026-11-01"}
