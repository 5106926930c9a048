"""What of an approved plan a parent reads: how school goes and what is aimed at, and nothing that leads to a door.

Where the child lives, what the carer says, who comes to meetings and the history are left out whole. Addresses get out
in free text, so a text that holds what an address or a telephone number is made of, or the name of a carer or of the
school, is left out too: it is absent, and nothing shows that it was there.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date

from services.pep.domain.care_plan import in_words
from services.pep.domain.forms import Answers, Form
from services.pep.domain.targets import Target

READ_BY_PARENTS: Mapping[str, frozenset[str]] = {
    "progress": frozenset(),
    "qualifications": frozenset({"options", "careers_advice", "post_16_plan"}),
    "homework": frozenset(),
    "about_me": frozenset({"likes", "happy"}),
    "attendance": frozenset({"attendance_percent"}),
    "leisure": frozenset({"interests"}),
    "destination": frozenset({"hopes", "careers_advice"}),
}
"""Section → the fields of it that a parent reads; none named means all. A section that is not here is not read."""

SHORTEST_NAME = 3
_TELLS_WHERE = re.compile(
    r"[A-Z]{1,2}\d[A-Z\d]?\s*\d[A-Z]{2}\b"  # a postcode
    r"|(?:\+44|\b0)[\s()\d-]{9,}"  # a telephone number
    r"|[^\s@]+@[^\s@]+\.[^\s@]+"  # a mail address
    r"|\b\d+[a-z]?,?\s+(?:\w+\s+){1,3}(?:road|street|avenue|lane|close|drive|way|court|crescent|place|gardens|terrace)\b",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class ReadSection:
    """A section as a parent reads it: questions and answers in words."""

    title: str
    rows: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class ReadTarget:
    """A target as a parent reads it: neither who helps nor what it costs."""

    what: str
    measure: str
    by_date: date | None


class Sieve:
    """Tells which texts a parent may read; `names` are those of carers and of the school."""

    def __init__(self, names: Iterable[str]) -> None:
        words = {name for name in names if len(name) >= SHORTEST_NAME}
        whole = [rf"\b{re.escape(name)}\b" for name in sorted(words)]
        self._names = re.compile("|".join(whole), re.IGNORECASE) if whole else None

    def lets_through(self, text: str) -> bool:
        """Tell whether a text holds none of the names, and nothing that an address is made of."""
        return _TELLS_WHERE.search(text) is None and (self._names is None or self._names.search(text) is None)


def names_to_keep_back(carers: Iterable[str], schools: Iterable[str]) -> set[str]:
    """Return the names that lead to a home or a school: each carer's, whole and by its parts, and each school's."""
    parts = {part for carer in carers for part in (carer, *carer.split())}
    return parts | set(schools)


def sections_for_parent(form: Form, answers: Answers, sieve: Sieve) -> tuple[ReadSection, ...]:
    """Return the sections that a parent reads, each with what is answered there; one without is left out."""
    found = []
    for section in form.sections:
        if section.key not in READ_BY_PARENTS:
            continue
        asked = READ_BY_PARENTS[section.key]
        said = answers.get(section.key, {})
        rows = [
            (one.label, in_words(one.type, said.get(one.key), one.options))
            for one in section.fields
            if not asked or one.key in asked
        ]
        kept = tuple((label, words) for label, words in rows if words and sieve.lets_through(words))
        if kept:
            found.append(ReadSection(section.title, kept))
    return tuple(found)


def targets_for_parent(targets: Iterable[Target], sieve: Sieve) -> tuple[ReadTarget, ...]:
    """Return the targets that a parent reads."""
    return tuple(
        ReadTarget(one.what, one.measure if sieve.lets_through(one.measure) else "", one.by_date)
        for one in targets
        if sieve.lets_through(one.what)
    )
