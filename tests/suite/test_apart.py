"""The suite apart: each process by itself, as a container runs it."""

from __future__ import annotations

import io
import os
import re
import subprocess
import sys
import threading
import time
import urllib.parse
import urllib.request
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest
from flask import Flask, request
from werkzeug.test import Client

from services.pep.app import SPEC as PEP
from services.scheduling.app import SPEC as SCHEDULING
from services.virtual_school.app import SPEC as VIRTUAL_SCHOOL
from shared.contracts.roles import Role
from shared.platform.bus import BrokerUnavailable, Bus
from shared.platform.setting_table import TRY_OUT_PASSWORD
from shared.testing.runtimes import add_person, make_runtime
from suite.__main__ import main
from suite.apart.broker import login
from suite.apart.check import check
from suite.apart.web import application, behind_proxies
from suite.serve import free_port

ROOT = Path(__file__).resolve().parents[2]
SPECS = (PEP, SCHEDULING, VIRTUAL_SCHOOL)


def test_a_web_process_answers_under_its_services_path(tmp_path: Path) -> None:
    runtime = make_runtime(tmp_path, SPECS)
    for one in SPECS:
        browser = Client(application(one, runtime))
        assert browser.get(f"/{one.name}/api/openapi.json").status_code == 200
        for other in {each.name for each in SPECS} - {one.name}:
            assert browser.get(f"/{other}/api/openapi.json").status_code == 404
        assert browser.get("/").status_code == (200 if one is PEP else 404)
    runtime.close()


def test_somebody_signed_in_at_peps_front_door_is_known_to_the_other_services(tmp_path: Path) -> None:
    runtime = make_runtime(tmp_path, SPECS)
    for spec in SPECS:
        add_person(runtime, spec, "sam", Role.SOCIAL_WORKER, name="Sam Osei")
    where = {"base_url": "http://127.0.0.1:8600", "environ_overrides": {"REMOTE_ADDR": "127.0.0.1"}}
    door = Client(application(PEP, runtime))
    token = re.search(r'name="csrf_token" value="([^"]*)"', door.get("/sign-in", **where).text)
    assert token is not None
    entered = door.post("/sign-in", data={"person": "sam", "csrf_token": token[1]}, **where)
    assert entered.status_code == 303
    cookie = entered.headers["Set-Cookie"].partition(";")[0]
    other = Client(application(SCHEDULING, runtime), use_cookies=False)
    page = other.get("/scheduling/", headers={"Cookie": cookie}, **where)
    assert page.status_code == 200
    assert "Sam Osei" in page.text
    runtime.close()


@pytest.mark.parametrize(("proxies", "seen"), [(0, "10.0.0.9 http"), (1, "192.0.2.7 https"), (2, "203.0.113.5 https")])
def test_the_visitors_address_is_taken_from_as_many_proxies_as_the_settings_say(proxies: int, seen: str) -> None:
    app = Flask("probe")
    app.add_url_rule("/", view_func=lambda: f"{request.remote_addr} {request.scheme}")
    headers = {"X-Forwarded-For": "203.0.113.5, 192.0.2.7", "X-Forwarded-Proto": "https"}
    browser = Client(behind_proxies(app, proxies))
    assert browser.get("/", headers=headers, environ_overrides={"REMOTE_ADDR": "10.0.0.9"}).text == seen


def test_a_process_that_cannot_start_names_every_fault_and_ends(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("PEP_SUITE_MODE", "production")
    monkeypatch.setenv("PEP_SUITE_PEP_DATABASE", "sqlite:////tmp/pep.sqlite")
    faults = ("PEP_SUITE_SECRET is missing", "PEP_SUITE_PEP_DATABASE is SQLite", "PEP_SUITE_ORIGIN is not https")
    for words in (["web", "pep"], ["worker", "pep"], ["migrate", "pep"]):
        assert main(["apart", *words]) == 2
        said = capsys.readouterr().err
        assert [fault for fault in faults if fault not in said] == []


def test_tables_are_made_once_and_then_found_up_to_date(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("PEP_SUITE_SCHEDULING_DATABASE", f"sqlite:///{tmp_path}/scheduling.sqlite")
    assert main(["apart", "migrate", "scheduling"]) == 0
    assert "were brought to this version" in capsys.readouterr().out
    assert main(["apart", "migrate", "scheduling"]) == 0
    assert "are already up to this version" in capsys.readouterr().out


def test_nothing_is_filled_unless_the_settings_say_so(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv("PEP_SUITE_FILL_DEMO", raising=False)
    assert main(["apart", "demo"]) == 0
    assert "nothing is filled" in capsys.readouterr().out


def test_a_command_works_on_the_databases_that_the_environment_names(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    runtime = make_runtime(tmp_path, [PEP])
    add_person(runtime, PEP, "sam", Role.SOCIAL_WORKER, name="Sam Osei")
    runtime.close()
    monkeypatch.setenv("PEP_SUITE_PEP_DATABASE", f"sqlite:///{tmp_path}/pep.sqlite")
    assert main(["apart", "do", "people"]) == 0
    assert "Sam Osei" in capsys.readouterr().out
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(b"From: a@b.example\r\n\r\nHello")))
    assert main(["apart", "do", "receive-mail"]) == 2
    assert "PEP_SUITE_SCHEDULING_DATABASE" in capsys.readouterr().err


def test_the_broker_is_not_touched_before_everything_needed_is_known(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("PEP_SUITE_BROKER", "redis://elsewhere")
    monkeypatch.setenv("PEP_SUITE_BROKER_MANAGEMENT", "rabbitmq:15672")
    assert main(["apart", "broker"]) == 2
    said = capsys.readouterr().err
    assert "PEP_SUITE_BROKER must be the administrator's address" in said
    assert "PEP_SUITE_BROKER_MANAGEMENT must be the address" in said
    assert said.count("_PASSWORD is missing") == len(SPECS)


def test_a_services_login_may_do_its_own_work_only() -> None:
    bodies = dict(login("pep", "word"))
    permissions, topics = bodies["permissions/%2F/pep"], bodies["topic-permissions/%2F/pep"]
    assert bodies["users/pep"] == {"password": "word", "tags": ""}

    def may(rule: object, name: str) -> bool:
        return re.search(str(rule), name) is not None

    assert not may(permissions["configure"], "pep.facts")
    assert may(permissions["write"], "pep-suite")
    assert not may(permissions["write"], "scheduling.facts")
    assert may(permissions["read"], "pep.facts")
    assert not may(permissions["read"], "scheduling.facts")
    assert may(topics["write"], "pep.plan.opened.v1")
    assert not may(topics["write"], "scheduling.meeting.held.v1")


def test_a_bus_that_may_declare_nothing_finds_what_another_declared(tmp_path: Path) -> None:
    address = f"embedded:///{tmp_path}/queue.sqlite"
    with pytest.raises(BrokerUnavailable):
        Bus(address, declares=False).open_listener("pep").fetch(1, 0.01)
    Bus(address).open_publisher().close()
    listener = Bus(address, declares=False).open_listener("pep")
    assert listener.fetch(1, 0.01) == []
    listener.close()


class _Answers(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(200 if self.path == "/well" else 503)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture
def answering() -> Iterator[int]:
    server = HTTPServer(("127.0.0.1", 0), _Answers)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield server.server_port
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.mark.slow
def test_two_web_processes_of_a_container_count_together(tmp_path: Path) -> None:
    make_runtime(tmp_path, [PEP]).close()
    port = free_port()
    code = "import suite.apart.check as c; c.PORT = {}; from suite.__main__ import main; main(['apart', 'web', 'pep'])"
    settings = {
        "PEP_SUITE_PEP_DATABASE": f"sqlite:///{tmp_path}/pep.sqlite", "PEP_SUITE_WEB_PROCESSES": "2",
        "PEP_SUITE_WEB_THREADS": "1", "PEP_SUITE_PROXIES": "0", "TMPDIR": str(tmp_path),
    }  # fmt: skip

    def ask(path: str) -> str:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/pep{path}", timeout=10) as answer:
            return str(answer.read().decode())

    def counted() -> float:
        series = 'pep_suite_http_requests_total{method="GET",route="/health/live",service="pep",status="200"}'
        lines = [line for line in ask("/metrics").splitlines() if line.startswith(series)]
        return float(lines[0].rpartition(" ")[2]) if lines else 0.0

    web = subprocess.Popen([sys.executable, "-c", code.format(port)], cwd=ROOT, env=os.environ | settings)
    try:
        wait_until_it_answers(lambda: ask("/health/live"))
        deadline = time.monotonic() + 60
        with ThreadPoolExecutor(8) as pool:
            # The system hands a connection to whichever process asks first: go on until each has had one.
            while len(list(tmp_path.glob("metrics-*/counter_*.db"))) < 2:
                assert time.monotonic() < deadline, "one process answered everything"
                list(pool.map(ask, ["/health/live"] * 8))
            before = counted()
            list(pool.map(ask, ["/health/live"] * 40))
        assert {counted() for _ in range(6)} == {before + 40}
    finally:
        web.terminate()
        web.wait(30)


def wait_until_it_answers(ask: Callable[[], str], seconds: float = 60) -> None:
    deadline = time.monotonic() + seconds
    while True:
        try:
            ask()
        except OSError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.1)
        else:
            return


def test_a_containers_check_says_whether_it_answers_with_success(answering: int) -> None:
    assert check("/well", answering) == 0
    assert check("/ill", answering) == 1


def test_the_compose_file_starts_a_try_out_with_the_password_that_production_refuses() -> None:
    text = (ROOT / "docker-compose.yml").read_text(encoding="utf-8")
    given = {urllib.parse.unquote(word) for word in re.findall(r"(?<!SMTP)_PASSWORD:-([^}]*)\}", text)}
    assert given == {TRY_OUT_PASSWORD}
    assert "127.0.0.1:8600}:8080" in text
