"""The whole suite as a newcomer has it: `./run` as real processes on a home of its own."""

from __future__ import annotations

import io
import json
import os
import re
import signal
import socket
import sqlite3
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass
from datetime import timedelta
from email.message import EmailMessage
from pathlib import Path

import pytest

from shared.kernel.clock import SystemClock, london_date
from suite.__main__ import main
from suite.checks import ROOT

pytestmark = [pytest.mark.slow, pytest.mark.timeout(240)]
STARTED = re.compile(r"PEP Suite is running at (http://127\.0\.0\.1:\d+)/")


@dataclass
class Run:
    """One `./run`, started and answering."""

    process: subprocess.Popen[str]
    address: str
    said: list[str]
    seconds: float

    def get(self, path: str, token: str = "") -> tuple[int, str]:
        request = urllib.request.Request(self.address + path)
        if token:
            request.add_header("Authorization", f"Bearer {token}")
        try:
            with urllib.request.urlopen(request, timeout=30) as answer:
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as error:
            return error.code, error.read().decode()

    def children(self) -> dict[str, int]:
        """Return the process numbers of web and worker."""
        listed = subprocess.run(["ps", "-eo", "pid,ppid,args"], capture_output=True, text=True, check=True).stdout
        found = re.findall(rf"^ *(\d+) +{self.process.pid} .* suite (web|worker) ", listed, re.MULTILINE)
        return {name: int(number) for number, name in found}

    def stop(self) -> int:
        self.process.send_signal(signal.SIGINT)
        code = self.process.wait(10)
        assert self.process.stdout is not None
        self.said.append(self.process.stdout.read())
        return code


@dataclass
class Answer:
    """What a command printed, and its exit code."""

    code: int
    out: str
    error: str


def command(home: Path, *words: str, stdin: bytes = b"") -> Answer:
    """Do a command within this process, which has imported the suite already."""
    out, error = io.StringIO(), io.StringIO()
    before, sys.stdin = sys.stdin, io.TextIOWrapper(io.BytesIO(stdin))
    try:
        with redirect_stdout(out), redirect_stderr(error):
            code = main([*words, "--home", str(home)])
    finally:
        sys.stdin = before
    return Answer(code, out.getvalue(), error.getvalue())


def another_run(home: Path, *words: str) -> Answer:
    """Start the suite, which is expected to be refused."""
    answer = subprocess.run(
        [sys.executable, "-m", "suite", "--home", str(home), *words],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
        timeout=30,
    )
    return Answer(answer.returncode, answer.stdout, answer.stderr)


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("running") / "home"


@pytest.fixture(scope="module")
def start(home: Path) -> Iterator[Callable[..., Run]]:
    started: list[subprocess.Popen[str]] = []

    def go(*words: str) -> Run:
        begun = time.monotonic()
        process = subprocess.Popen(
            [sys.executable, "-m", "suite", "--home", str(home), "--port", "0", *words],
            cwd=ROOT,
            stdout=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )
        started.append(process)
        said = []
        assert process.stdout is not None
        for line in process.stdout:
            said.append(line)
            if found := STARTED.search(line):
                run = Run(process, found[1], said, 0.0)
                assert run.get("/")[0] == 200
                run.seconds = time.monotonic() - begun
                return run
        raise AssertionError(f"./run ended with {process.wait()} before it answered: {said}")

    yield go
    for process in started:
        process.kill()
        process.wait()
        assert process.stdout is not None
        process.stdout.close()


@pytest.fixture(scope="module")
def running(start: Callable[..., Run]) -> Run:
    """Return the first start on a new home."""
    return start()


def wait_for(true: Callable[[], object], seconds: float = 30) -> None:
    deadline = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.05)


def count(home: Path, service: str, table: str) -> int:
    with sqlite3.connect(home / f"{service}.sqlite") as connection:
        found: int = connection.execute(f"SELECT count(*) FROM {table}").fetchone()[0]
    connection.close()
    return found


def token_of(home: Path, name: str) -> str:
    return command(home, "token", name).out.strip()


def test_a_new_home_is_filled_and_every_service_answers(running: Run, home: Path) -> None:
    assert count(home, "pep", "child") == 40
    assert count(home, "scheduling", "child") == 40
    assert count(home, "virtual_school", "child") == 40
    for path in ("/sign-in", "/pep/api/openapi.json", "/scheduling/api/openapi.json", "/mail/"):
        assert running.get(path)[0] == 200, path
    assert len(list((home / "mail").glob("*.eml"))) > 100


def test_a_token_opens_the_api_to_the_children_of_its_person_only(running: Run, home: Path) -> None:
    assert running.get("/pep/api/children")[0] == 401
    status, body = running.get("/pep/api/children", token_of(home, "Amina Yusuf"))
    assert status == 200
    assert "Isla Fenwick" in body
    assert "Noah Okonkwo" not in body


def test_the_people_are_listed_by_role(home: Path, running: Run) -> None:
    listed = command(home, "people").out
    for words in ("Social worker", "Virtual School head", "Helen Okafor", "Tia Robinson"):
        assert words in listed


def test_an_unknown_person_is_refused_in_one_line(home: Path, running: Run) -> None:
    answer = command(home, "token", "Nobody Atall")
    assert answer.code == 2
    assert answer.error.count("\n") == 1
    assert "./run people" in answer.error


def test_every_fact_of_the_filling_was_applied_everywhere(home: Path, running: Run) -> None:
    shown = command(home, "events").out
    assert shown.count("held      0 waiting, 0 parked, 0 unreadable") == 3
    assert "pep.plan.opened.v1" in shown


def test_a_second_run_on_the_same_home_is_refused_in_one_line(home: Path, running: Run) -> None:
    answer = another_run(home)
    assert answer.code == 2
    assert answer.error.count("\n") == 1
    assert f"in use by another run (process {running.process.pid})" in answer.error


def test_the_embedded_form_is_never_production(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PEP_SUITE_MODE", "production")
    answer = another_run(tmp_path / "home")
    assert answer.code == 2
    assert "run the services apart" in answer.error
    assert not (tmp_path / "home").exists()


def test_a_busy_port_is_refused_in_one_line(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        answer = another_run(tmp_path, "--port", str(other.getsockname()[1]))
    assert answer.code == 2
    assert answer.error.count("\n") == 1
    assert "--port" in answer.error


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("import-ssda903", "/nowhere/at/all"), "/nowhere/at/all"),
        (("import-schools", "/nowhere/schools.csv"), "/nowhere/schools.csv"),
        (("import-terms", "Oakfield", "/nowhere/terms.ics"), "/nowhere/terms.ics"),
        (("import-terms", "Hogwarts", "/nowhere/terms.ics"), "Hogwarts"),
    ],
)
def test_a_missing_file_or_school_is_told_in_one_line(
    words: tuple[str, ...], said: str, home: Path, running: Run
) -> None:
    answer = command(home, *words)
    assert answer.code == 2
    assert said in answer.error
    assert answer.error.count("\n") == 1


def write_return(folder: Path, reference: str) -> None:
    """Write an SSDA903 return of one child who has been looked after for a month."""
    today = london_date(SystemClock().now())
    born, began = today - timedelta(days=3700), today - timedelta(days=30)
    (folder / "header.csv").write_text(
        f"CHILD,SEX,DOB,ETHNIC,UPN,MOTHER,MC_DOB\n{reference},2,{born:%d/%m/%Y},WBRI,UN1,,\n", encoding="utf-8"
    )
    (folder / "episodes.csv").write_text(
        "CHILD,DECOM,RNE,LS,CIN,PLACE,PLACE_PROVIDER,DEC,REC,REASON_PLACE_CHANGE,HOME_POST,PL_POST,URN\n"
        f"{reference},{began:%d/%m/%Y},S,C2,N1,U6,PR1,,,,,,SC000001\n",
        encoding="utf-8",
    )


def known_everywhere(home: Path, number: int) -> bool:
    return all(count(home, service, "child") == number for service in ("pep", "scheduling", "virtual_school"))


def test_an_import_while_the_suite_runs_reaches_all_three_services(home: Path, running: Run, tmp_path: Path) -> None:
    write_return(tmp_path, "990017")
    answer = command(home, "import-ssda903", str(tmp_path))
    assert answer.code == 0, answer.error
    wait_for(lambda: known_everywhere(home, 41))


def test_a_mail_that_is_no_answer_is_told_as_json(home: Path, running: Run) -> None:
    mail = EmailMessage()
    mail["From"] = "someone@people.example"
    mail["To"] = "meetings@pep.northmoor.example"
    mail["Subject"] = "Parking"
    mail.set_content("Where can I park?")
    became = json.loads(command(home, "receive-mail", stdin=mail.as_bytes()).out)
    assert became["outcome"] in ("held", "ignored")
    assert became["message"]


def test_killed_processes_are_started_again_and_nothing_is_lost(home: Path, running: Run, tmp_path: Path) -> None:
    token = token_of(home, "Helen Okafor")
    before = running.children()
    assert set(before) == {"web", "worker"}
    for number in before.values():
        os.kill(number, signal.SIGKILL)
    write_return(tmp_path, "990018")
    assert command(home, "import-ssda903", str(tmp_path)).code == 0  # its facts wait for the next worker
    status, body = running.get("/pep/api/children", token)  # waits for the next web process; it is not refused
    assert status == 200, body
    wait_for(lambda: set(running.children()) == {"web", "worker"})
    assert not set(running.children().values()) & set(before.values())
    wait_for(lambda: known_everywhere(home, 42))
    assert command(home, "events").out.count("held      0 waiting, 0 parked, 0 unreadable") == 3


def test_stopped_and_started_again_it_goes_on_where_it_was(
    home: Path, running: Run, start: Callable[..., Run], record_testsuite_property: Callable[[str, object], None]
) -> None:
    children = running.children()
    begun = time.monotonic()
    assert running.stop() == 0
    assert time.monotonic() - begun < 8
    assert "Stopped" in running.said[-1]
    for number in children.values():
        with pytest.raises(ProcessLookupError):
            os.kill(number, 0)
    mails = len(list((home / "mail").glob("*.eml")))
    again = start()
    record_testsuite_property("second_start_seconds", round(again.seconds, 2))
    assert known_everywhere(home, 42)
    assert again.get("/pep/api/children", token_of(home, "Helen Okafor"))[0] == 200
    assert len(list((home / "mail").glob("*.eml"))) == mails
    again.process.kill()
    gone = again.children
    wait_for(lambda: not gone())
