from __future__ import annotations

import copy
from datetime import date
from typing import Any

import orjson
import pytest

from services.virtual_school.adapters.policy_files import FOLDER, policy_for, read_file
from services.virtual_school.domain.policy import UnreadablePolicy, read_policies


def data() -> dict[str, Any]:
    loaded: dict[str, Any] = orjson.loads((FOLDER / "northmoor.json").read_bytes())
    return copy.deepcopy(loaded)


@pytest.mark.parametrize("path", sorted(FOLDER.glob("*.json")), ids=lambda path: path.name)
def test_every_policy_file_can_be_read_and_names_its_authority(path: Any) -> None:
    assert {policy.authority for policy in read_file(path)} == {path.stem}


def test_the_version_in_force_on_the_day_applies() -> None:
    before, after = policy_for("northmoor", date(2026, 8, 31)), policy_for("northmoor", date(2026, 9, 1))
    assert before.concerns.attendance is not None
    assert after.concerns.attendance is not None
    assert before.concerns.attendance.threshold_percent < after.concerns.attendance.threshold_percent
    assert policy_for("northmoor", date(2020, 1, 1)) == before


def test_an_authority_without_a_file_has_the_default() -> None:
    assert policy_for("elsewhere", date(2026, 11, 1)).authority == "default"
    assert policy_for("../northmoor", date(2026, 11, 1)).authority == "default"


def test_a_rule_left_out_raises_nothing() -> None:
    changed = data()
    del changed["versions"][0]["concerns"]["no_school"]
    assert read_policies(changed)[0].concerns.no_school is None


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (lambda d: d["versions"].reverse(), "in order"),
        (lambda d: d["versions"].clear(), "in order"),
        (lambda d: d["versions"][0].pop("rubric"), "rubric"),
        (lambda d: d["versions"][0]["concerns"].update(moon_phase={}), "moon_phase"),
        (lambda d: d["versions"][0]["concerns"]["answer_within_working_days"].pop("suspension"), "suspension"),
        (lambda d: d["versions"][0]["rubric"]["ratings"]["red"].update(decisions=[]), "decision"),
        (lambda d: d["versions"][0]["rubric"]["reasons"].append(d["versions"][0]["rubric"]["reasons"][0]), "same code"),
        (lambda d: d["versions"][0]["concerns"]["no_school"].update(unit="moons"), "moons"),
    ],
)
def test_a_fault_in_a_policy_file_is_named(change: Any, says: str) -> None:
    changed = data()
    change(changed)
    with pytest.raises(UnreadablePolicy, match=says):
        read_policies(changed)
