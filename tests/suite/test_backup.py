"""A backup made while people work holds everything, of one moment; restored into an empty place it is all there."""

from __future__ import annotations

import json
import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import insert

from services.pep.application.schools import record_schools
from services.pep.application.team import record_person
from services.pep.domain.schools import School
from shared.contracts.roles import Role
from shared.kernel.clock import FixedClock, SystemClock
from shared.platform.access import system_actor
from shared.platform.app_factory import create_app
from shared.platform.auth import issue_token
from shared.platform.bus import Bus
from shared.platform.consumer import Consumer
from shared.platform.migrations import upgrade
from shared.platform.relay import Relay
from shared.platform.roster import Person
from shared.platform.runtime import Runtime
from shared.platform.settings import SERVICES, Settings, embedded
from shared.platform.work import writing_work
from shared.testing.bus import deliver_everything, publish
from shared.testing.crash_trial import Installation, stop, wait_until_sound
from shared.testing.ledger import fact
from shared.testing.servers import new_postgresql_database, new_rabbitmq_bus
from suite.audit import anchored, verified
from suite.backup.making import make_backup
from suite.backup.restoring import restore_backup
from suite.composition import SPECS
from suite.home import Refusal

__all__ = ["new_postgresql_database", "new_rabbitmq_bus"]

PEP, SCHEDULING, VIRTUAL_SCHOOL = SPECS
NOW = datetime(2026, 11, 23, 9, tzinfo=UTC)
CHILD = {
    "reference": "700001", "name": "Amara Bright", "born_on": "2017-03-09", "legal_status": "C2",
    "entered_care_on": "2026-11-18", "school_urn": "900001", "social_worker": "sam", "iro": "ira",
    "virtual_school_caseworker": "val",
}  # fmt: skip


def settings_for(home: Path) -> Settings:
    return embedded(home, port=8600, smtp_port=0, secret="a secret for tests only", environ={})


class Authority:
    """The three services with one child, whose meeting is arranged and invited to."""

    def __init__(self, settings: Settings) -> None:
        self.runtime = Runtime(settings, FixedClock(NOW))
        for spec in SPECS:
            upgrade(self.runtime.database(spec.name), spec)

    def begin(self) -> None:
        staff = {"sam": Role.SOCIAL_WORKER, "ira": Role.IRO, "val": Role.VIRTUAL_SCHOOL_CASEWORKER}
        with writing_work(self.runtime, PEP, system_actor("northmoor")) as work:
            record_schools(work, [School("900001", "Oakfield Academy", "Primary", town="Northmoor")])
            for key, role in staff.items():
                email = f"{key}@people.example"
                record_person(work, Person(key, "northmoor", f"{key} Novak", email, frozenset({role}), "Northmoor"))
        deliver_everything(self.runtime, SPECS)
        self.call("pep", "post", "/children", CHILD)
        deliver_everything(self.runtime, SPECS)
        to_arrange = self.call("scheduling", "get", "/meetings?state=to_arrange")
        (meeting,) = [one for one in to_arrange if one["kind"] == "pep"]
        path = f"/meetings/{meeting['id']}"
        slot = self.call("scheduling", "get", f"{path}/slots")["slots"][0]
        wish = {"start": slot["starts_at"], "end": slot["ends_at"], "place": "Oakfield Academy"}
        self.call("scheduling", "post", f"{path}/arrangement", wish, read=path)
        deliver_everything(self.runtime, SPECS)

    def call(self, service: str, method: str, path: str, body: Any = None, read: str = "") -> Any:
        client = create_app(next(spec for spec in SPECS if spec.name == service), self.runtime).test_client()
        client.environ_base["HTTP_AUTHORIZATION"] = f"Bearer {issue_token(self.runtime.settings.secret, 'sam', NOW)}"
        headers = {"If-Match": f'"{client.get(f"/api{read}").get_etag()[0]}"'} if read else {}
        answer = getattr(client, method)(f"/api{path}", json=body, headers=headers)
        assert answer.status_code in (200, 201), answer.text
        return answer.json

    def seen(self) -> dict[str, Any]:
        """What the social worker sees of the plan, the meeting with its invitations, and the history."""
        (plan,) = self.call("pep", "get", "/plans")["items"]
        (meeting,) = self.call("scheduling", "get", f"/meetings?plan_id={plan['id']}")
        return {
            "plan": self.call("pep", "get", f"/plans/{plan['id']}"),
            "meeting": self.call("scheduling", "get", f"/meetings/{meeting['id']}"),
            "children": self.call("virtual_school", "get", "/plans"),
        }

    def rows(self) -> dict[str, list[str]]:
        """Every row of every table, as text."""
        found = {}
        for spec in SPECS:
            with self.runtime.database(spec.name).reading() as connection:
                for table in spec.metadata.sorted_tables:
                    rows = sorted(str(tuple(row)) for row in connection.execute(table.select()))
                    found[f"{spec.name}.{table.name}"] = rows
        return found


@pytest.fixture
def authority(tmp_path: Path) -> Iterator[Authority]:
    home = tmp_path / "home"
    (home / "mail").mkdir(parents=True)
    (home / "mail" / "00001.eml").write_bytes(b"Subject: Invitation\r\n\r\nCome.")
    (home / "secret").write_text("a secret for tests only")
    made = Authority(settings_for(home))
    made.begin()
    yield made
    made.runtime.close()


@pytest.mark.parametrize("name", ["kept", "kept.tar.gz"])
def test_restored_into_an_empty_place_everything_is_there(authority: Authority, tmp_path: Path, name: str) -> None:
    expected = authority.seen()
    anchored(authority.runtime, "")
    expected_rows = authority.rows()
    for table in ("pep.plan", "scheduling.meeting", "scheduling.mail_out", "pep.audit_entry", "pep.audit_head"):
        assert expected_rows.get(table), f"{table} is to have something to lose"
    make_backup(authority.runtime.settings, tmp_path / name, SystemClock())
    restore_backup(settings_for(tmp_path / "new"), SPECS, tmp_path / name)
    restored = Authority(settings_for(tmp_path / "new"))
    assert restored.rows() == expected_rows
    assert (tmp_path / "new" / "anchors" / "pep.jsonl").stat().st_mode & 0o777 == 0o600
    assert verified(restored.runtime, None)[1]
    assert restored.seen() == expected
    assert (tmp_path / "new" / "mail" / "00001.eml").read_bytes().endswith(b"Come.")
    assert (tmp_path / "new" / "secret").read_text() == "a secret for tests only"
    restored.runtime.close()


def test_only_the_owner_may_read_a_backup(authority: Authority, tmp_path: Path) -> None:
    for name in ("kept", "kept.tar"):
        make_backup(authority.runtime.settings, tmp_path / name, SystemClock())
        assert (tmp_path / name).stat().st_mode & 0o077 == 0


def test_nothing_is_ever_overwritten(authority: Authority, tmp_path: Path) -> None:
    make_backup(authority.runtime.settings, tmp_path / "kept", SystemClock())
    with pytest.raises(Refusal, match="is there already"):
        make_backup(authority.runtime.settings, tmp_path / "kept", SystemClock())
    before = authority.rows()
    with pytest.raises(Refusal, match="is not empty"):
        restore_backup(authority.runtime.settings, SPECS, tmp_path / "kept")
    assert authority.rows() == before


def test_what_is_no_backup_or_damaged_or_too_new_is_refused(authority: Authority, tmp_path: Path) -> None:
    kept, new = tmp_path / "kept", settings_for(tmp_path / "new")
    make_backup(authority.runtime.settings, kept, SystemClock())
    (tmp_path / "empty").mkdir()
    with pytest.raises(Refusal, match="no backup"):
        restore_backup(new, SPECS, tmp_path / "empty")
    (tmp_path / "broken.tar.gz").write_bytes(b"not an archive")
    with pytest.raises(Refusal, match="cannot be unpacked"):
        restore_backup(new, SPECS, tmp_path / "broken.tar.gz")
    manifest = json.loads((kept / "manifest.json").read_text())
    (kept / "manifest.json").write_text(json.dumps({**manifest, "revisions": {**manifest["revisions"], "pep": "9999"}}))
    with pytest.raises(Refusal, match="not known to this version"):
        restore_backup(new, SPECS, kept)
    (kept / "manifest.json").write_text(json.dumps(manifest))
    with (kept / "pep.sqlite").open("r+b") as file:
        file.seek(5000)
        file.write(b"damage")
    with pytest.raises(Refusal, match=r"pep.sqlite is not what was written"):
        restore_backup(new, SPECS, kept)
    assert not new.home.exists()


def test_a_backup_that_fails_leaves_nothing_behind(tmp_path: Path) -> None:
    home = tmp_path / "home"
    home.mkdir()
    with pytest.raises(Refusal, match=r"pep.sqlite is not there"):
        make_backup(settings_for(home), tmp_path / "kept", SystemClock())
    assert sorted(path.name for path in tmp_path.iterdir()) == ["home"]


def two_services(installation: Installation) -> Settings:
    settings = installation.runtime().settings
    return replace(settings, databases={name: settings.databases[name] for name in ("pep", "scheduling")})


@pytest.mark.slow
def test_made_under_load_it_loses_and_doubles_nothing(tmp_path: Path) -> None:
    old, new = Installation(tmp_path / "old"), Installation(tmp_path / "new")
    old.home.mkdir()
    old.prepare()
    worker, teller = old.start_worker(), old.start_telling(children=20, times=100)
    try:
        time.sleep(1.5)
        while teller.is_alive() and not told(old.home):
            time.sleep(0.05)
        make_backup(two_services(old), tmp_path / "kept", SystemClock())
    finally:
        teller.kill()
        stop(worker)
    restore_backup(two_services(new), (), tmp_path / "kept")
    again = new.start_worker()
    try:
        verdict = wait_until_sound(new)
    finally:
        stop(again)
    assert verdict.told > 0
    assert verdict.is_sound, verdict


def told(home: Path) -> int:
    with closing(sqlite3.connect(home / "pep.sqlite")) as connection:
        return int(connection.execute("SELECT count(*) FROM effect").fetchone()[0])


@pytest.fixture
def apart(new_postgresql_database: Callable[[], str], new_rabbitmq_bus: Callable[..., Bus], tmp_path: Path) -> Any:
    """Settings of two installations on PostgreSQL, and the bus they share."""

    def make(name: str) -> Settings:
        databases = {service: new_postgresql_database() for service in SERVICES}
        settings = settings_for(tmp_path / name)
        return replace(settings, databases=databases, broker="amqp://only-its-kind-matters")

    return make("old"), make("new"), new_rabbitmq_bus()


@pytest.mark.postgresql
@pytest.mark.rabbitmq
def test_on_postgresql_everything_is_there_too_and_facts_on_their_way_are_waited_for(
    apart: tuple[Settings, Settings, Bus], tmp_path: Path
) -> None:
    old, new, bus = apart
    runtime = Runtime(old, FixedClock(NOW))
    for spec in SPECS:
        upgrade(runtime.database(spec.name), spec)
    with runtime.database("pep").writing() as connection:
        connection.execute(
            insert(PEP.metadata.tables["person"]).values(
                id="ana", authority="northmoor", name="Ana Müller", kinds=[], organisation="Northmoor", active=True
            )
        )
    publish(runtime, PEP, "child/a", fact("a", 1))
    relay = Relay(PEP, runtime, bus)
    relay.send_pending()
    relay.close()
    with pytest.raises(Refusal, match="2 facts are on their way"):
        make_backup(old, tmp_path / "kept", SystemClock(), patience=0.2)
    for spec in (SCHEDULING, VIRTUAL_SCHOOL):
        consumer = Consumer(spec, runtime, bus)
        while not consumer.take_in(1.0):
            pass
        consumer.close()
    publish(runtime, PEP, "child/a", fact("a", 2))  # stays in the outbox, so it may be under way in the backup

    make_backup(old, tmp_path / "kept", SystemClock(), patience=5)
    restore_backup(new, SPECS, tmp_path / "kept", bus=bus)
    restored = Runtime(new, FixedClock(NOW))
    for spec in SPECS:
        with runtime.database(spec.name).reading() as before, restored.database(spec.name).reading() as after:
            for table in spec.metadata.sorted_tables:
                rows = before.execute(table.select()).all()
                assert sorted(map(str, after.execute(table.select()))) == sorted(map(str, rows)), table.name
    with pytest.raises(Refusal, match="is not empty"):
        restore_backup(replace(new, home=tmp_path / "third"), SPECS, tmp_path / "kept", bus=bus)
    runtime.close()
    restored.close()


@pytest.mark.postgresql
@pytest.mark.rabbitmq
def test_a_broker_that_holds_later_facts_must_be_emptied_first(
    apart: tuple[Settings, Settings, Bus], tmp_path: Path
) -> None:
    old, new, bus = apart
    runtime = Runtime(old, FixedClock(NOW))
    for spec in SPECS:
        upgrade(runtime.database(spec.name), spec)
    make_backup(old, tmp_path / "kept", SystemClock())
    publish(runtime, PEP, "child/a", fact("a", 1))
    relay = Relay(PEP, runtime, bus)
    relay.send_pending()
    relay.close()
    with pytest.raises(Refusal, match="--empty-queues"):
        restore_backup(new, SPECS, tmp_path / "kept", bus=bus)
    restore_backup(new, SPECS, tmp_path / "kept", bus=bus, empty_queues=True)
    assert sum(waiting for waiting, _ in bus.depths().values()) == 0
    runtime.close()
