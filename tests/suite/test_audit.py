"""The audit from the command line: all three services, what is wrong is named, and the exit code says so."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import delete, insert, update

from shared.contracts.roles import Role
from shared.platform.audit_anchor import file_of
from shared.platform.audit_tables import ENTRY
from shared.platform.runtime import Runtime
from shared.testing.runtimes import MONDAY_MORNING, add_person, make_runtime
from suite.arguments import parse
from suite.commands import act
from suite.composition import SPECS
from suite.home import Refusal


@pytest.fixture
def runtime(tmp_path: Path) -> Iterator[Runtime]:
    made = make_runtime(tmp_path, SPECS)
    for spec in SPECS:
        add_person(made, spec, "sam", Role.SOCIAL_WORKER, name="Sam Osei")
        entry = {"authority": "northmoor", "at": MONDAY_MORNING, "person_id": "sam", "acting_as": "social_worker",
                 "organisation": "Northmoor", "kind": "view", "action": f"{spec.name}.child.read", "way": "page",
                 "why": "", "correlation_id": "x"}  # fmt: skip
        with made.database(spec.name).writing() as connection:
            connection.execute(insert(ENTRY), [{**entry, "child_id": f"c{n}"} for n in (1, 2, 3)])
    yield made
    made.close()


def say(runtime: Runtime, *words: str) -> int:
    wanted: argparse.Namespace = parse(["audit", *words])
    return act(runtime, "audit", wanted)


def tamper(runtime: Runtime, service: str, statement: Any) -> None:
    with runtime.database(service).writing() as connection:
        connection.execute(statement)


def test_a_whole_audit_is_told_service_by_service_and_ends_with_0(
    runtime: Runtime, capsys: pytest.CaptureFixture[str]
) -> None:
    assert say(runtime, "verify") == 0
    assert "pep, northmoor: 0 entries, as it was sealed, 3 not sealed yet." in capsys.readouterr().out
    assert say(runtime, "anchor") == 0
    assert "scheduling, northmoor: anchored at entry 3." in capsys.readouterr().out
    assert say(runtime, "verify") == 0
    told = capsys.readouterr().out.splitlines()
    assert told == [f"{spec.name}, northmoor: 3 entries, as it was sealed." for spec in SPECS]


def test_what_is_wrong_is_named_and_ends_with_1(runtime: Runtime, capsys: pytest.CaptureFixture[str]) -> None:
    say(runtime, "anchor")
    tamper(runtime, "pep", update(ENTRY).where(ENTRY.c.number == 2).values(person_id="ira"))
    tamper(runtime, "scheduling", delete(ENTRY).where(ENTRY.c.number == 2))
    tamper(runtime, "virtual_school", delete(ENTRY).where(ENTRY.c.number > 1))
    capsys.readouterr()
    assert say(runtime, "verify") == 1
    told = capsys.readouterr().out
    assert "  entry 2: it was changed after it was sealed (edited)." in told
    assert "  entry 2: the entry is missing from the middle of the chain (deleted)." in told
    assert "  entries 2 to 3: 2 entries are missing from the end of the chain (cut)." in told


def test_former_secrets_are_read_from_a_file(runtime: Runtime, tmp_path: Path) -> None:
    say(runtime, "anchor")
    (tmp_path / "former").write_text(runtime.settings.secret + "\n")
    runtime.settings = replace(runtime.settings, secret="another one, for tests only")
    assert say(runtime, "verify") == 1
    assert say(runtime, "verify", "--former-secrets", str(tmp_path / "former")) == 0


def test_an_anchor_that_cannot_be_written_is_said_in_one_line(runtime: Runtime, tmp_path: Path) -> None:
    (tmp_path / "anchors").touch()
    with pytest.raises(Refusal, match="cannot be written"):
        say(runtime, "anchor")


def test_anchors_can_lie_outside_the_home(runtime: Runtime, tmp_path: Path) -> None:
    runtime.settings = replace(runtime.settings, anchors=tmp_path / "elsewhere")
    say(runtime, "anchor")
    assert file_of(runtime, "pep").parent == tmp_path / "elsewhere"
    assert not (tmp_path / "anchors").exists()


def test_a_childs_part_is_shown_over_all_services(runtime: Runtime, capsys: pytest.CaptureFixture[str]) -> None:
    assert say(runtime, "show", "--child", "c1") == 0
    told = capsys.readouterr().out.splitlines()
    assert len(told) == 3
    assert "pep  view  Sam Osei (Social worker)  See a child's page, by page" in told[0]
    for words, said in (((), "Whose record"), (("--child", "nobody"), "Nobody has opened a record")):
        with pytest.raises(Refusal, match=said):
            say(runtime, "show", *words)
