"""What is counted, who may see it, and that it tells of nobody."""

from __future__ import annotations

import socket
import threading
import time
import urllib.request
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from urllib.error import HTTPError

import pytest
from flask.testing import FlaskClient

from shared.kernel.clock import FixedClock
from shared.platform import metrics_port
from shared.platform.app_factory import create_app
from shared.platform.bus import Bus
from shared.platform.consumer import Consumer
from shared.platform.metrics import PARKED, RETRIED
from shared.platform.runtime import Runtime
from shared.platform.service import Job
from shared.platform.worker import run_worker
from shared.testing.bus import deliver_everything, publish
from shared.testing.ledger import effects, fact, listener, teller
from shared.testing.runtimes import make_runtime

TELLER, LISTENER = teller(), listener()


@pytest.fixture
def runtime(tmp_path: Path) -> Runtime:
    runtime = make_runtime(tmp_path, [TELLER, LISTENER])
    runtime.settings = replace(runtime.settings, metrics_secret="open sesame")
    return runtime


@pytest.fixture
def client(runtime: Runtime) -> FlaskClient:
    return create_app(TELLER, runtime).test_client()


def until(holds: Callable[[], bool], seconds: float = 20) -> bool:
    give_up = time.monotonic() + seconds
    while not holds():
        if time.monotonic() > give_up:
            return False
        time.sleep(0.05)
    return True


def value(page: str, series: str) -> float:
    found = [line for line in page.splitlines() if line.startswith(series + " ")]
    return float(found[0].rpartition(" ")[2]) if found else 0.0


def test_requests_are_counted_by_rule_and_status(client: FlaskClient) -> None:
    client.get("/health/live")
    client.get("/health/live")
    client.get("/nothing/here/Wilhelmina")
    page = client.get("/metrics").get_data(as_text=True)
    live = 'pep_suite_http_requests_total{method="GET",route="/health/live",service="pep",status="200"}'
    none = 'pep_suite_http_requests_total{method="GET",route="(none)",service="pep",status="404"}'
    timed = 'pep_suite_http_request_seconds_count{method="GET",route="/health/live",service="pep"}'
    assert (value(page, live), value(page, none), value(page, timed)) == (2, 1, 2)
    assert "Wilhelmina" not in page


def test_what_waits_is_read_when_asked(client: FlaskClient, runtime: Runtime) -> None:
    publish(runtime, TELLER, "child/a", fact("a", 1), fact("a", 2))
    page = client.get("/metrics").get_data(as_text=True)
    assert value(page, 'pep_suite_outbox_events{service="pep"}') == 2
    assert value(page, 'pep_suite_database_up{service="pep"}') == 1


def test_another_machine_needs_the_secret(client: FlaskClient) -> None:
    far = {"REMOTE_ADDR": "10.0.0.9"}
    assert client.get("/metrics", environ_overrides=far).status_code == 403
    wrong = {"Authorization": "Bearer open window"}
    assert client.get("/metrics", environ_overrides=far, headers=wrong).status_code == 403
    right = {"Authorization": "Bearer open sesame"}
    assert client.get("/metrics", environ_overrides=far, headers=right).status_code == 200


def test_a_proxy_on_this_machine_does_not_open_the_metrics_to_the_world(client: FlaskClient) -> None:
    assert client.get("/metrics", headers={"X-Forwarded-For": "203.0.113.7"}).status_code == 403


def test_without_a_secret_an_empty_token_opens_nothing(client: FlaskClient, runtime: Runtime) -> None:
    runtime.settings = replace(runtime.settings, metrics_secret="")
    answer = client.get("/metrics", environ_overrides={"REMOTE_ADDR": "10.0.0.9"}, headers={"Authorization": "Bearer "})
    assert answer.status_code == 403


def test_a_worker_counts_what_it_carries_and_tells_on_its_port(runtime: Runtime) -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    runtime.settings = replace(runtime.settings, metrics_port=port)
    job = Job("count_sheep", timedelta(hours=1), lambda _work: None)
    bus = Bus(runtime.settings.broker, services=("pep", "scheduling"))
    stop = threading.Event()
    thread = threading.Thread(
        target=run_worker, args=([replace(TELLER, jobs=(job,)), LISTENER], runtime, stop), kwargs={"bus": bus}
    )

    def asked() -> str:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=5) as answer:
                return str(answer.read().decode())
        except OSError:
            return ""

    kind = "pep.child.details_changed.v1"
    published = f'pep_suite_events_published_total{{service="pep",type="{kind}"}}'
    applied = f'pep_suite_events_applied_total{{service="scheduling",type="{kind}"}}'
    thread.start()
    try:
        assert until(lambda: bool(asked()))
        before = asked()
        publish(runtime, TELLER, "child/a", fact("a", 1), fact("a", 2))
        assert until(lambda: value(asked(), applied) == value(before, applied) + 2)
        after = asked()
        assert value(after, published) == value(before, published) + 2
        assert value(after, 'pep_suite_job_runs_total{job="count_sheep",outcome="done",service="pep"}') >= 1
        assert until(lambda: 'worker_silent_seconds{part="consumer",service="scheduling"}' in asked())
        with pytest.raises(HTTPError, match="403"):
            urllib.request.urlopen(
                urllib.request.Request(f"http://127.0.0.1:{port}/metrics", headers={"X-Forwarded-For": "10.0.0.1"}),
                timeout=5,
            )
    finally:
        stop.set()
        thread.join(20)
    with runtime.database("scheduling").reading() as connection:
        assert effects(connection, LISTENER) == {"a": [1, 2]}


def test_a_worker_says_that_it_lives_until_one_of_its_parts_hangs(
    runtime: Runtime, monkeypatch: pytest.MonkeyPatch
) -> None:
    stop, frozen = threading.Event(), threading.Event()
    take_in = Consumer.take_in

    def freeze(consumer: Consumer, timeout: float) -> int:
        while frozen.is_set() and not stop.is_set():
            time.sleep(0.02)
        return take_in(consumer, min(timeout, 0.05))

    def said() -> str:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/health/live", timeout=5) as answer:
                return str(answer.read().decode())
        except HTTPError as error:
            with error:
                return f"{error.code} {error.read().decode()}"

    monkeypatch.setattr(Consumer, "take_in", freeze)
    monkeypatch.setattr(metrics_port, "HUNG_SECONDS", 1.5)
    bus = Bus(runtime.settings.broker, services=("pep", "scheduling"))
    thread = threading.Thread(target=run_worker, args=([LISTENER], runtime, stop), kwargs={"bus": bus})
    with metrics_port.telling_life(runtime.life, 0) as port:
        thread.start()
        try:
            assert until(lambda: runtime.life.silent(-1) == ["scheduling-consumer", "scheduling-relay"])
            assert said() == "It lives.\n"
            with metrics_port.telling_life(runtime.life, port) as taken:
                assert taken == 0
            frozen.set()
            assert until(lambda: said().startswith("503 scheduling-consumer did no round"))
        finally:
            stop.set()
            thread.join(20)


def test_a_failed_attempt_and_a_parked_event_are_counted(runtime: Runtime) -> None:
    def refuse(_work: object, _fact: object) -> None:
        raise ZeroDivisionError

    kind = "pep.child.details_changed.v1"
    poisoned = replace(LISTENER, subscriptions=dict.fromkeys(LISTENER.subscriptions, refuse))
    retried = RETRIED.labels("scheduling", kind)._value.get()
    parked = PARKED.labels("scheduling", kind)._value.get()
    publish(runtime, TELLER, "child/a", fact("a", 1))
    for _ in range(5):
        deliver_everything(runtime, [TELLER, poisoned], held_is_fine=True)
        runtime.clock = FixedClock(runtime.clock.now() + timedelta(minutes=6))
    assert RETRIED.labels("scheduling", kind)._value.get() == retried + 4
    assert PARKED.labels("scheduling", kind)._value.get() == parked + 1
