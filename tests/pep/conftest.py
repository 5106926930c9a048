from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection, event

from services.pep.adapters.policies import load_policy
from services.pep.domain.children import Child
from services.pep.domain.periods import Calendar
from services.pep.domain.policy import Policy
from services.pep.domain.terms import phase_of, year_group
from shared.platform.bank_holidays import ENGLAND_AND_WALES
from shared.testing.servers import new_postgresql_database
from tests.pep.child_world import Pep, make_home, make_pep
from tests.pep.plan_world import World

__all__ = ["new_postgresql_database"]


@pytest.fixture(scope="session")
def pep_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_home(tmp_path_factory.mktemp("pep"))


@pytest.fixture
def pep(tmp_path: Path, pep_home: Path) -> Iterator[Pep]:
    found = make_pep(pep_home, tmp_path)
    yield found
    found.runtime.close()


@pytest.fixture
def policy() -> Policy:
    return load_policy("northmoor")


@pytest.fixture
def calendar(policy: Policy) -> Calendar:
    return Calendar(ENGLAND_AND_WALES, ENGLAND_AND_WALES.name, policy.terms)


@pytest.fixture
def make_child() -> Callable[..., Child]:
    def make(today: date = date(2026, 11, 21), **given: Any) -> Child:
        born_on = given.pop("born_on", date(2015, 3, 9))
        group = year_group(born_on, today)
        entered = given.pop("entered_care_on", date(2026, 11, 11))
        values: dict[str, Any] = {
            "id": "c1",
            "authority": "northmoor",
            "reference": "100001",
            "name": "Amara Bright",
            "legal_status": "C1",
            "placement_started_on": entered,
            "phase": phase_of(group),
            "year_group": group,
            "school_urn": "910001",
            "school_since": date(2022, 9, 1),
        }
        return Child(born_on=born_on, entered_care_on=entered, **{**values, **given})

    return make


@pytest.fixture
def world(tmp_path: Path, make_child: Callable[..., Child]) -> Iterator[World]:
    made = World(tmp_path, make_child())
    yield made
    made.runtime.close()


@dataclass
class Counted:
    """How many statements ran."""

    count: int = 0


@pytest.fixture
def count_queries() -> Callable[[Connection], Any]:
    @contextmanager
    def counting(connection: Connection) -> Iterator[Counted]:
        counted = Counted()

        def count(*_: Any) -> None:
            counted.count += 1

        event.listen(connection, "before_cursor_execute", count)
        try:
            yield counted
        finally:
            event.remove(connection, "before_cursor_execute", count)

    return counting
