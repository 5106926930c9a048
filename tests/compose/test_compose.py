"""`docker-compose.yml` as an authority starts it: the main job through the proxy, restarts, and closed doors."""

from __future__ import annotations

import os
import re
import secrets
import smtplib
import socket
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from shared.platform.setting_table import TRY_OUT_PASSWORD
from tests.compose.stack import Answered, Stack, compose_command, wait_for

pytestmark = pytest.mark.timeout(2400)

WORKER, TEACHER, CASEWORKER, HEAD = "Amina Yusuf", "Sarah Whitfield", "Priya Raman", "Helen Okafor"
SERVICES = ("pep", "scheduling", "virtual_school")


@pytest.fixture(scope="module")
def stack() -> Iterator[Stack]:
    if not compose_command():
        if os.environ.get("CI") == "true":
            pytest.fail("No container engine answers, and this is CI.")
        pytest.skip("no container engine answers (docker info, with DOCKER_HOST if you set it)")
    made = Stack()
    try:
        made.start()
        yield made
    finally:
        made.remove()


def test_somebody_signs_in_through_the_proxy_and_every_service_knows_them(stack: Stack) -> None:
    browser = stack.browser()
    assert WORKER in browser.sign_in(WORKER)
    assert browser.at.endswith("/pep/")
    for service in ("scheduling", "virtual_school"):
        assert WORKER in browser.go(f"/{service}/")


def test_the_main_job_goes_round_from_entering_care_to_the_next_meeting(stack: Stack) -> None:
    child = new_child(stack)
    plan = wait_for(lambda: plan_of(stack, child), "the plan")
    meeting = wait_for(lambda: meeting_to_arrange(stack, plan["id"]), "the meeting to arrange")
    path = f"/scheduling/api/meetings/{meeting['id']}"
    slot = wait_for(lambda: stack.get(WORKER, f"{path}/slots")["slots"], "times for the meeting")[0]
    before = newest_mail(stack, TEACHER)
    wish = {"start": slot["starts_at"], "end": slot["ends_at"], "place": "Oakfield Academy"}
    stack.send(WORKER, f"{path}/arrangement", wish, read=path)
    wait_for(lambda: newest_mail(stack, TEACHER) > before, "the invitation")
    number = newest_mail(stack, TEACHER)
    browser = stack.browser()
    page = browser.go(f"/mail/{number}")
    browser.submit(page, f"/mail/{number}/answer", answer="accepted")

    def accepted() -> bool:
        shown = stack.get(WORKER, f"/pep/api/plans/{plan['id']}")
        return any(one["name"] == TEACHER and one["answer"] == "accepted" for one in shown["meeting"]["attendees"])

    wait_for(accepted, "the answer on the plan's page")

    # The meeting lies ahead, so this plan is submitted without it; the next test has one that was held.
    plan_path = f"/pep/api/plans/{plan['id']}"
    fill_in(stack, plan_path, {"social_worker": WORKER})
    reason = {
        "version": stack.get(TEACHER, plan_path)["version"],
        "no_meeting_reason": "The school was closed by flood",
    }
    submission = stack.send(TEACHER, f"{plan_path}/submission", reason)["submission"]
    rated = {"submission": submission, "rating": "green", "decision": "approve", "reasons": []}
    wait_for(lambda: sent_once(stack, f"/virtual_school/api/plans/{plan['id']}/rating", rated), "the plan to rate")
    care_plan = f"/pep/api/children/{child}/care-plan"
    wait_for(lambda: (stack.get(WORKER, care_plan)["current"] or {}).get("plan_id") == plan["id"], "the care plan")

    today = datetime.now(UTC).date().isoformat()  # noqa: TID251 - the containers' clock is the real one
    suspension = {"starts_on": today, "ends_on": today, "sessions": 2, "reasons": ["DB"]}
    stack.send(CASEWORKER, f"/virtual_school/api/children/{child}/suspensions", suspension)
    (concern,) = wait_for(lambda: stack.get(WORKER, f"/pep/api/children/{child}/concerns"), "the concern")
    early = {"answer": "early_meeting", "version": concern["version"]}
    stack.send(WORKER, f"/pep/api/concerns/{concern['id']}/answer", early)
    wait_for(lambda: meeting_to_arrange(stack, plan["id"]), "the early meeting to arrange")


def test_a_plan_is_written_returned_mended_and_approved(stack: Stack) -> None:
    (held,) = [
        plan
        for plan in stack.get(TEACHER, "/pep/api/plans?state=held")["items"]
        if plan["child_name"] == "Jamal Thompson"
    ]
    path = f"/pep/api/plans/{held['id']}"
    team = stack.get(TEACHER, f"/pep/api/children/{held['child_id']}/team")
    fill_in(stack, path, {member["role"]: member["name"] for member in team})
    for rating, decision, reasons in (("red", "return", ["targets_not_smart"]), ("green", "approve", [])):
        version = stack.get(TEACHER, path)["version"]
        submission = stack.send(TEACHER, f"{path}/submission", {"version": version})["submission"]
        rated = {"submission": submission, "rating": rating, "decision": decision, "reasons": reasons}
        rating_path = f"/virtual_school/api/plans/{held['id']}/rating"
        wait_for(lambda sent=rated, to=rating_path: sent_once(stack, to, sent), "the plan to rate")  # type: ignore[misc]
        state = {"return": "returned", "approve": "approved"}[decision]
        wait_for(lambda wanted=state: stack.get(TEACHER, path)["state"] == wanted, f"the plan {state}")  # type: ignore[misc]


@pytest.mark.parametrize("login", SERVICES)
def test_no_database_login_opens_anothers_database(stack: Stack, login: str) -> None:
    for database in (*SERVICES, "postgres"):
        address = f"postgresql://{login}:{TRY_OUT_PASSWORD}@127.0.0.1:5432/{database}"
        done = stack.compose("exec", "-T", "postgres", "psql", address, "-Atc", "SELECT current_user", check=False)
        if database == login:
            assert done.stdout.strip() == login, done.stderr
        else:
            assert done.returncode != 0
            assert "permission denied for database" in done.stderr


def test_no_broker_login_makes_reads_or_says_what_is_not_its_own(stack: Stack) -> None:
    tries = """
import os, kombu
def attempt(name, do):
    with kombu.Connection(os.environ["PEP_SUITE_BROKER"], connect_timeout=5) as connection:
        try:
            do(connection.channel())
            print(name, "allowed")
        except Exception as error:
            print(name, getattr(error, "code", error))
def say(key, exchange="pep-suite"):
    def do(channel):
        message = channel.prepare_message("{}", content_type="application/json", content_encoding="utf-8")
        channel.basic_publish(message, exchange, key)
        channel.queue_declare("pep.facts", passive=True)
    return do
attempt("own-queue", lambda channel: channel.basic_get("pep.facts.dead"))
attempt("other-queue", lambda channel: channel.basic_get("scheduling.facts"))
attempt("new-queue", lambda channel: channel.queue_declare("pep.facts.more"))
attempt("other-key", say("scheduling.meeting.held.v1"))
attempt("straight", say("scheduling.facts", exchange=""))
"""
    done = stack.compose("exec", "-T", "pep-worker", "python", "-c", tries)
    outcomes = dict(line.split(" ", 1) for line in done.stdout.splitlines())
    assert outcomes == {
        "own-queue": "allowed",
        "other-queue": "403",
        "new-queue": "403",
        "other-key": "403",
        "straight": "403",
    }


@pytest.mark.parametrize("service", ["pep-web", "pep-worker"])
def test_a_container_is_nobody_special_and_cannot_change_its_own_files(stack: Stack, service: str) -> None:
    who = stack.compose("exec", "-T", service, "id", "-u").stdout.strip()
    assert who == "10001"
    written = stack.compose("exec", "-T", service, "touch", "/opt/pep-suite/suite/x", check=False)
    assert written.returncode != 0
    assert "Read-only file system" in written.stderr


def test_a_service_is_told_no_address_but_its_own(stack: Stack) -> None:
    for service in SERVICES:
        seen = stack.compose("exec", "-T", f"{service.replace('_', '-')}-web", "env").stdout
        assert re.findall(r"PEP_SUITE_(\w+)_DATABASE=", seen) == [service.upper()]
        assert "PEP_SUITE_BROKER=" not in seen


def test_everything_is_backed_up_from_the_desk_while_it_runs(stack: Stack) -> None:
    told = wait_for(
        lambda: stack.compose("run", "--rm", "desk", "backup", "/tmp/whole.tar.gz").stdout,
        "a quiet moment to back up in",
    )
    assert "Backed up to /tmp/whole.tar.gz" in told
    assert all(f"{service} " in told for service in SERVICES)


def test_production_refuses_the_try_outs_settings_naming_every_fault(stack: Stack) -> None:
    done = stack.compose(
        "run", "--rm", "--no-deps", "-e", "PEP_SUITE_MODE=production", "pep-web", "web", "pep", check=False
    )
    assert done.returncode == 2
    said = done.stdout + done.stderr
    for fault in (
        "PEP_SUITE_SECRET is missing",
        "PEP_SUITE_PEP_DATABASE has no password, or a published one",
        "PEP_SUITE_ORIGIN is not https",
        "PEP_SUITE_NAME_SIGN_IN is on",
        "PEP_SUITE_MAIL_PROOF is local",
        "PEP_SUITE_SMTP_HOST is the mail catcher",
    ):
        assert fault in said


def test_every_lasting_container_with_work_to_do_is_healthy(stack: Stack) -> None:
    for service in (f"{name.replace('_', '-')}-{kind}" for name in SERVICES for kind in ("web", "worker")):
        wait_for(lambda which=service: stack.health(which) == ["healthy"], f"{service} to be healthy")  # type: ignore[misc]


def test_three_web_containers_and_two_workers_of_a_service_share_the_work(stack: Stack) -> None:
    more = ("up", "-d", "--no-recreate", "--no-build", "--scale")
    stack.compose(*more, "pep-web=3", "--scale", "pep-worker=2")
    wait_for(lambda: stack.health("pep-web") == ["healthy"] * 3, "three web containers")
    wait_for(lambda: stack.health("pep-worker") == ["healthy"] * 2, "two workers")
    counted = (
        "import urllib.request as u; t = u.urlopen('http://127.0.0.1:8000/pep/metrics').read().decode(); "
        "print(sum('http_requests_total{' in line and 'openapi' in line for line in t.splitlines()))"
    )

    def all_three_answered() -> bool:
        for _ in range(5):
            assert stack.status("/pep/api/openapi.json") == 200
        answers = [
            stack.compose("exec", "-T", "--index", str(number), "pep-web", "python", "-c", counted).stdout.strip()
            for number in (1, 2, 3)
        ]
        return answers == ["1"] * 3

    wait_for(all_three_answered, "a request to reach each of the three")
    try:
        first = new_child(stack)
        assert wait_for(lambda: meeting_to_arrange(stack, plan_of(stack, first)["id"]), "one of two workers to send it")
        stack.kill_replica("pep-worker", 1)
        second = new_child(stack)
        assert wait_for(lambda: meeting_to_arrange(stack, plan_of(stack, second)["id"]), "the other worker to send it")
    finally:
        stack.compose(*more, "pep-web=1", "--scale", "pep-worker=1")


def test_the_mail_server_may_hand_answers_over(stack: Stack) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    stack.environ["PEP_SUITE_LMTP_PUBLISH"] = f"127.0.0.1:{port}"
    stack.compose("--profile", "lmtp", "up", "-d", "lmtp")

    def handed_over() -> bool:
        mail = b"From: ruth@people.example\r\nMessage-ID: <1@people.example>\r\n\r\nYes, I can come."
        with smtplib.LMTP("127.0.0.1", port) as server:
            return not server.sendmail("ruth@people.example", ["meetings@pep.northmoor.example"], mail)

    assert wait_for(handed_over, "the mail to be taken")
    stack.compose("--profile", "lmtp", "rm", "--stop", "--force", "lmtp")


@pytest.mark.parametrize("way", ["killed", "restarted"])
def test_each_container_in_turn_may_go_and_the_work_goes_on(stack: Stack, way: str) -> None:
    for service in stack.services():
        if way == "restarted":
            stack.compose("restart", "--timeout", "20", service)
        else:
            stack.compose("kill", "--signal", "SIGKILL", service)
            if service == "rabbitmq":
                # What people do needs no broker.
                new_child(stack)
            stack.compose("start", service)
        child = wait_for(lambda: new_child(stack), f"a write after {service} was {way}")
        plan = wait_for(lambda which=child: plan_of(stack, which), f"the plan after {service} was {way}")  # type: ignore[misc]
        wait_for(
            lambda which=plan: meeting_to_arrange(stack, which["id"]),  # type: ignore[misc]
            f"scheduling to hear of it after {service} was {way}",
        )
        wait_for(
            lambda which=child: stack.get(HEAD, f"/virtual_school/api/children/{which}/attendance") is not None,  # type: ignore[misc]
            f"the Virtual School to hear of it after {service} was {way}",
        )
    told = stack.compose("run", "--rm", "desk", "events").stdout
    assert told.count("held      0 waiting, 0 parked, 0 unreadable") == len(SERVICES), told


def new_child(stack: Stack) -> str:
    """Record a child who became looked after today; return the child's id."""
    people = {person["name"]: person["id"] for person in people_of(stack)}
    today = datetime.now(UTC).date()  # noqa: TID251 - the containers' clock is the real one
    child = {
        "reference": f"9{secrets.randbelow(10**8):08}",
        "name": f"Zofia {secrets.choice(('Lewicka', 'Wolska', 'Zając'))}",
        "born_on": (today - timedelta(days=13 * 366)).isoformat(),
        "legal_status": "C2",
        "entered_care_on": today.isoformat(),
        "school_urn": school_of(stack),
        "social_worker": people[WORKER],
        "virtual_school_caseworker": people[CASEWORKER],
    }
    return str(stack.send(WORKER, "/pep/api/children", child)["id"])


def people_of(stack: Stack) -> list[dict[str, str]]:
    listed = (
        stack.tokens.setdefault("people", "")
        or stack.compose("exec", "-T", "pep-web", "python", "-m", "suite", "apart", "do", "people").stdout
    )
    stack.tokens["people"] = listed
    found = re.findall(r"^  (\S.*?)  +.*?  +([0-9a-f-]{36})$", listed, re.MULTILINE)
    return [{"name": name, "id": person_id} for name, person_id in found]


def school_of(stack: Stack) -> str:
    """Return the school of the designated teacher."""
    return str(stack.get(WORKER, "/pep/api/schools?search=Oakfield")[0]["urn"])


def plan_of(stack: Stack, child: str) -> Any:
    plans = stack.get(WORKER, f"/pep/api/plans?child_id={child}")["items"]
    return next((plan for plan in plans if plan["child_id"] == child), None)


def meeting_to_arrange(stack: Stack, plan: str) -> Any:
    return next(iter(stack.get(WORKER, f"/scheduling/api/meetings?plan_id={plan}&state=to_arrange")), None)


def newest_mail(stack: Stack, name: str) -> int:
    """Return the number of the newest mail in somebody's mailbox; 0 when there is none."""
    browser = stack.browser()
    mailbox = re.search(rf'<option value="([^"]+)"[^>]*>{re.escape(name)}', browser.go("/mail/"))
    assert mailbox is not None
    found = re.findall(r'href="/mail/(\d+)"', browser.go(f"/mail/?person={mailbox[1]}"))
    return max(map(int, found), default=0)


def fill_in(stack: Stack, path: str, team: Mapping[str, str]) -> None:
    """Answer every section as its owner, and set a target; `team` says who has which role."""
    samples = {"yes_no": True, "date": "2027-02-01", "number": 9, "money": 10_000}
    for section in stack.get(TEACHER, path)["sections"]:
        writer = TEACHER if section["owner"] == "designated_teacher" else team["social_worker"]
        where = f"{path}/sections/{section['key']}"
        questions = stack.get(writer, where)["questions"]
        answers = {q["key"]: next(iter(q["options"]), samples.get(q["type"], "In our words")) for q in questions}
        stack.send(writer, where, {"answers": answers}, read=where, method="PUT")
    target = {
        "category": "academic",
        "what": "Read a chapter book alone",
        "measure": "Reading age up by six months",
        "who": TEACHER,
        "by_date": (datetime.now(UTC).date() + timedelta(days=100)).isoformat(),  # noqa: TID251
        "how_often": "Three times a week",
        "cost_pence": 25_000,
    }
    stack.send(TEACHER, f"{path}/targets", target)


def sent_once(stack: Stack, path: str, body: dict[str, object]) -> bool:
    """Rate a plan once the Virtual School has heard of it."""
    try:
        stack.send(CASEWORKER, path, body)
    except Answered as answer:
        if answer.status in (404, 409):
            return False
        raise
    return True
