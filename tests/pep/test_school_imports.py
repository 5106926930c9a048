from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from services.pep.application import schools
from shared.contracts.pep import SchoolRecorded
from tests.pep.child_world import Pep, write

GIAS_COLUMNS = (
    "URN", "LA (code)", "LA (name)", "EstablishmentName", "TypeOfEstablishment (name)", "EstablishmentStatus (name)",
    "OpenDate", "CloseDate", "PhaseOfEducation (name)", "StatutoryLowAge", "StatutoryHighAge", "Town", "Postcode",
)  # fmt: skip


def school_row(urn: str, name: str = "École St Anne", **other: str) -> list[str]:
    values = {
        "URN": urn,
        "LA (name)": "Northmoor",
        "EstablishmentName": name,
        "TypeOfEstablishment (name)": "Community school",
        "EstablishmentStatus (name)": "Open",
        "PhaseOfEducation (name)": "Primary",
        "StatutoryLowAge": "4",
        "StatutoryHighAge": "11",
        "Town": "Northmoor",
        "Postcode": "NX1 1AA",
        **other,
    }
    return [values.get(column, "") for column in GIAS_COLUMNS]


@pytest.mark.parametrize("encoding", ["utf-8-sig", "cp1252"])
@pytest.mark.parametrize("opened", ["01-09-2014", "01/09/2014"])
def test_a_register_of_schools_is_read_as_it_is_downloaded(
    pep: Pep, tmp_path: Path, encoding: str, opened: str
) -> None:
    path = tmp_path / "edubasealldata.csv"
    write(path, GIAS_COLUMNS, [school_row("123456", OpenDate=opened)], encoding)

    with pep.as_("system") as work:
        schools.import_schools(work, path, lambda done, total: None)
        found = schools.school_named(work, "123456")

    assert found is not None
    assert (found.name, found.opened_on, found.high_age) == ("École St Anne", date(2014, 9, 1), 11)


def test_faulty_schools_are_told_and_the_others_are_kept_once(pep: Pep, tmp_path: Path) -> None:
    path = tmp_path / "schools.csv"
    rows = [
        school_row("123456"),
        school_row("123457", ""),
        school_row("12"),
        school_row("123458", OpenDate="2014-09-01"),
        school_row("123459", StatutoryLowAge="four"),
        school_row("123456", "Another name"),
        school_row("123460", "Shut School", **{"EstablishmentStatus (name)": "Closed"}),
    ]
    write(path, GIAS_COLUMNS, rows)
    already = len(pep.facts(SchoolRecorded))

    for _ in range(2):
        with pep.as_("system") as work:
            report = schools.import_schools(work, path, lambda done, total: None)

    assert [(one.line, one.column) for one in report.problems] == [
        (3, "EstablishmentName"),
        (4, "URN"),
        (5, "OpenDate"),
        (6, "StatutoryLowAge"),
        (7, "URN"),
    ]
    assert report.counts["schools unchanged"] == 2
    assert [fact.urn for fact in pep.facts(SchoolRecorded)[already:]] == ["123456"]


def test_a_school_that_closes_is_told(pep: Pep, tmp_path: Path) -> None:
    path = tmp_path / "schools.csv"
    write(path, GIAS_COLUMNS, [school_row("900001", "Oakfield Academy", **{"EstablishmentStatus (name)": "Closed"})])

    with pep.as_("system") as work:
        schools.import_schools(work, path, lambda done, total: None)

    assert [(fact.urn, fact.open) for fact in pep.facts(SchoolRecorded)][-1] == ("900001", False)
