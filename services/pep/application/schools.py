"""Schools: recording them, and finding one."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path

from services.pep.adapters import schools_store
from services.pep.adapters.gias import read_schools
from services.pep.application.facts import school_recorded
from services.pep.domain.imports import ImportReport
from services.pep.domain.schools import School
from shared.kernel.errors import InvalidInput
from shared.platform.access import permit
from shared.platform.work import Work

CHUNK = 2000
CHOICES = 10
WORDS = {"new": "new to the suite", "changed": "brought up to date", "unchanged": "unchanged"}


def record_schools(work: Work, schools: Sequence[School]) -> dict[str, int]:
    """Record schools that are new or have changed, and tell the other services of the open ones and of what changed.

    Returns how many were `new`, `changed` and `unchanged`. A school that was closed when first heard of is kept,
    and told to nobody.
    """
    permit(work, "pep.school.record")
    return _record(work, schools, schools_store.find_many(work.connection, [school.urn for school in schools]))


def add_school(work: Work, school: School) -> School:
    """Record one school by hand, where the register has not been imported; raises `InvalidInput` by field."""
    permit(work, "pep.school.record")
    if len(school.urn) != 6 or not (school.urn.isascii() and school.urn.isdigit()):
        raise InvalidInput({"urn": ["A URN has 6 digits. Look it up on Get Information About Schools."]})
    known = schools_store.find(work.connection, school.urn)
    if known is not None:
        raise InvalidInput({"urn": [f"{known.name} is recorded with this URN already."]})
    _record(work, [school], {})
    return school


def import_schools(work: Work, path: Path, progress: Callable[[int, int], None]) -> ImportReport:
    """Import the schools of a Get Information About Schools download; the same file twice changes nothing.

    `progress` is told how many rows of how many are done. Raises `UnreadableFile` where the file is no such download.
    """
    permit(work, "pep.school.record")
    schools, problems, rows = read_schools(path)
    report = ImportReport(rows=rows, problems=problems)
    known = schools_store.everything(work.connection)
    done = 0
    progress(0, len(schools))
    for start in range(0, len(schools), CHUNK):
        part = schools[start : start + CHUNK]
        counts = _record(work, part, known)
        report.counts.update({f"schools {WORDS[kind]}": count for kind, count in counts.items()})
        done += len(part)
        progress(done, len(schools))
    return report


def find_schools(work: Work, text: str, limit: int = 50) -> tuple[list[School], int]:
    """Return the first open schools whose name, town or URN has `text`, and how many there are in all."""
    permit(work, "pep.school.read")
    return schools_store.search(work.connection, text, limit=limit)


def school_named(work: Work, urn: str | None) -> School | None:
    """Return a school by URN for showing it; None where the URN is empty, or unknown."""
    return schools_store.find(work.connection, urn) if urn else None


def school_names(work: Work, urns: Iterable[str | None]) -> dict[str, str]:
    """Return the names of the schools with these URNs, for showing them."""
    found = schools_store.find_many(work.connection, {urn for urn in urns if urn})
    return {urn: school.name for urn, school in found.items()}


def known_school(work: Work, urn: str, field: str = "school_urn") -> School:
    """Return an open school by URN; raises `InvalidInput` for one that is unknown or closed."""
    school = schools_store.find(work.connection, urn)
    if school is None:
        raise InvalidInput({field: ["No school with this URN is known. Check the number, or import the register."]})
    if not school.is_open:
        raise InvalidInput({field: [f"{school.name} is closed. Choose an open school."]})
    return school


def choose_school(work: Work, text: str) -> School:
    """Return the one open school that a person means by a URN or (part of) a name.

    Raises `InvalidInput` where none or several are meant; `find_schools` gives those to choose from.
    """
    found, total = find_schools(work, text, limit=CHOICES)
    same_name = [school for school in found if text.strip().lower() in (school.name.lower(), school.urn)]
    if len(same_name) == 1 or total == 1:
        return (same_name or found)[0]
    if not found:
        raise InvalidInput({"school": [f"No open school is known as “{text}”. Enter a part of its name, or its URN."]})
    raise InvalidInput({"school": [f"{total:,} schools match “{text}”. Choose one below, or enter more of the name."]})


def _record(work: Work, schools: Sequence[School], known: Mapping[str, School]) -> dict[str, int]:
    new = [school for school in schools if school.urn not in known]
    changed = [school for school in schools if school.urn in known and known[school.urn] != school]
    schools_store.add(work.connection, new)
    schools_store.save(work.connection, changed)
    for school in [one for one in new if one.is_open] + changed:
        work.publish(f"school/{school.urn}", school_recorded(school))
    return {"new": len(new), "changed": len(changed), "unchanged": len(schools) - len(new) - len(changed)}
