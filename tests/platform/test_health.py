"""A service tells whether it can do its work, and what is wrong if not."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import insert

from shared.contracts.roles import Role
from shared.kernel.clock import FixedClock
from shared.platform.app_factory import create_app
from shared.platform.inbox import Inbox
from shared.platform.pulse import CONSUMER, Pulse, note_life, signs_of_life
from shared.platform.runtime import Runtime
from shared.platform.settings import SERVICES
from shared.testing.bus import publish
from shared.testing.ledger import fact, make_service
from shared.testing.runtimes import MONDAY_MORNING, add_person, make_runtime

SPEC = make_service("scheduling")


@pytest.fixture
def runtime(tmp_path: Path) -> Runtime:
    return make_runtime(tmp_path, [SPEC])


@pytest.fixture
def client(runtime: Runtime) -> FlaskClient:
    app: Flask = create_app(SPEC, runtime)
    return app.test_client()


def the_worker_lives(runtime: Runtime) -> None:
    with runtime.database(SPEC.name).writing() as connection:
        note_life(connection, CONSUMER, runtime.clock.now())


def wrong(client: FlaskClient) -> dict[str, str]:
    answer = client.get("/health/ready")
    body: dict[str, Any] = answer.get_json()
    found = {check["name"]: check["detail"] for check in body["checks"] if not check["ok"]}
    assert answer.status_code == (503 if found else 200)
    assert body["status"] == ("not ready" if found else "ready")
    return found


def test_a_service_whose_worker_lives_and_where_nothing_waits_is_ready(client: FlaskClient, runtime: Runtime) -> None:
    the_worker_lives(runtime)
    assert wrong(client) == {}


def test_a_service_is_not_ready_before_a_worker_reached_the_broker(client: FlaskClient) -> None:
    assert wrong(client) == {"broker": "No worker has reached the broker yet."}


def test_a_worker_that_has_been_silent_for_half_a_minute_is_told(client: FlaskClient, runtime: Runtime) -> None:
    the_worker_lives(runtime)
    runtime.clock = FixedClock(MONDAY_MORNING + timedelta(seconds=31))
    assert wrong(client) == {"broker": "No worker has reached the broker for 31 seconds."}


def test_an_event_that_waits_for_more_than_a_minute_is_told(client: FlaskClient, runtime: Runtime) -> None:
    publish(runtime, SPEC, "child/a", fact("a", 1), fact("a", 2))
    runtime.clock = FixedClock(MONDAY_MORNING + timedelta(seconds=60))
    the_worker_lives(runtime)
    assert wrong(client) == {}
    runtime.clock = FixedClock(MONDAY_MORNING + timedelta(seconds=61))
    assert wrong(client) == {"outbox": "2 events wait to be sent, the oldest for 61 seconds."}


def test_a_parked_event_is_told(client: FlaskClient, runtime: Runtime) -> None:
    the_worker_lives(runtime)
    Inbox(SPEC, runtime, SERVICES).receive([b"no event"])
    assert wrong(client) == {"parked": "1 events are parked and wait for a person."}


def test_a_database_that_does_not_answer_is_told_and_the_process_still_lives(
    client: FlaskClient, runtime: Runtime
) -> None:
    SPEC.metadata.drop_all(runtime.database(SPEC.name).engine)
    assert list(wrong(client)) == ["database"]
    assert client.get("/health/live").get_json() == {"status": "alive", "service": "scheduling"}


def test_a_load_balancer_can_ask_for_the_database_alone(client: FlaskClient) -> None:
    assert client.get("/health/ready").status_code == 503
    assert client.get("/health/ready?only=database").status_code == 200


def test_health_tells_nothing_about_anybody(client: FlaskClient, runtime: Runtime) -> None:
    add_person(runtime, SPEC, "person-1", Role.SOCIAL_WORKER, name="Wilhelmina Canary")
    publish(runtime, SPEC, "child/child-1", fact("child-1", 1))
    with runtime.database(SPEC.name).writing() as connection:
        connection.execute(
            insert(SPEC.metadata.tables["inbox_event"]).values(
                source="pep", subject="child/child-1", version=9, type="pep.x.y.v1", payload=b"Wilhelmina",
                state="parked", attempts=5, reason="about Wilhelmina", received_at=MONDAY_MORNING,
            )
        )  # fmt: skip
    told = client.get("/health/ready").get_data(as_text=True) + client.get("/metrics").get_data(as_text=True)
    assert "Wilhelmina" not in told
    assert "child-1" not in told
    assert "person-1" not in told


def test_a_sign_of_life_is_written_every_ten_seconds_only(runtime: Runtime) -> None:
    pulse = Pulse(SPEC.name, runtime, CONSUMER)
    pulse.beat()
    runtime.clock = FixedClock(MONDAY_MORNING + timedelta(seconds=1))
    pulse.beat()
    with runtime.database(SPEC.name).reading() as connection:
        assert signs_of_life(connection) == {CONSUMER: MONDAY_MORNING}
