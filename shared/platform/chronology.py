"""A child's record as a chronology, and what is withheld of it when a copy is released. Pure: values in, values out.

What may be withheld, and on what ground, is the law of subject access: Article 15 of the UK GDPR with the exemptions of
the Data Protection Act 2018, Schedules 2 to 4. The decision is a person's; here it is only carried out, so that what
was withheld is not in the copy at all.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from enum import StrEnum
from typing import Any

WHOLE = ""
"""The part of a mark that withholds a whole entry, and the entry of one that withholds words wherever they are."""


class Ground(StrEnum):
    """Why something is withheld."""

    THIRD_PARTY = "third_party"
    SERIOUS_HARM = "serious_harm"
    LEGAL_ADVICE = "legal_advice"
    CRIME = "crime"
    COURT = "court"
    ADOPTION = "adoption"
    NOT_ABOUT_THE_CHILD = "not_about_the_child"

    @property
    def words(self) -> str:
        """Return the ground as those who prepare a copy read it."""
        return _GROUNDS[self][0]

    @property
    def source(self) -> str:
        """Return where the law has it."""
        return _GROUNDS[self][1]

    @property
    def told(self) -> str:
        """Return what stands in the copy; where naming the ground could do the harm itself, it is not named."""
        return f"[withheld: {_GROUNDS[self][2]}]"


_UNNAMED = "the law lets us withhold this"
_GROUNDS: Mapping[Ground, tuple[str, str, str]] = {
    Ground.THIRD_PARTY: (
        "About another person, who has not agreed and could be harmed or wronged",
        "Data Protection Act 2018, Schedule 2, paragraph 16",
        "information about another person",
    ),
    Ground.SERIOUS_HARM: (
        "Would be likely to cause serious harm to the child or somebody else",
        "Data Protection Act 2018, Schedule 3, paragraphs 11 and 19",
        _UNNAMED,
    ),
    Ground.LEGAL_ADVICE: (
        "Legal advice, or made for legal proceedings",
        "Data Protection Act 2018, Schedule 2, paragraph 19",
        "legal advice",
    ),
    Ground.CRIME: (
        "Would get in the way of preventing or looking into a crime",
        "Data Protection Act 2018, Schedule 2, paragraph 2",
        _UNNAMED,
    ),
    Ground.COURT: (
        "Given to a court whose rules let it be withheld",
        "Data Protection Act 2018, Schedule 3, paragraphs 9 and 18",
        "given to a court",
    ),
    Ground.ADOPTION: (
        "Adoption records and reports",
        "Data Protection Act 2018, Schedule 4, paragraph 3",
        _UNNAMED,
    ),
    Ground.NOT_ABOUT_THE_CHILD: (
        "Not about the child at all",
        "UK GDPR, Article 15: not their personal data",
        "not about you",
    ),
}


@dataclass(frozen=True, slots=True)
class Part:
    """One text of an entry, with what it is called; `key` is unique in the entry."""

    key: str
    label: str
    text: str


@dataclass(frozen=True, slots=True)
class Entry:
    """Something that happened or was written, on a day.

    `kind` is what it is, in the service's own words; `source` names the record it comes from ("plan_section"); `key`
    stays the same for as long as the entry says the same.
    """

    key: str
    on: date
    kind: str
    source: str
    parts: tuple[Part, ...]

    def part(self, key: str) -> Part | None:
        """Return the part of that key."""
        return next((part for part in self.parts if part.key == key), None)


def entry(key: str, on: date, kind: str, source: str, **texts: object) -> Entry:
    """Return an entry whose parts are called by their names in words; what is empty is left out."""
    given = ((name, "" if text is None else str(text).strip()) for name, text in texts.items())
    parts = (Part(name, name.replace("_", " ").capitalize(), text) for name, text in given if text)
    return Entry(key, on, kind, source, tuple(parts))


def in_order(entries: Iterable[Entry]) -> list[Entry]:
    """Return entries by day, the earliest first, those of a day as they were given."""
    return sorted(entries, key=lambda one: one.on)


@dataclass(frozen=True, slots=True)
class Mark:
    """That something is withheld: an entry, a part of it, or (`words`) some words of a part, or of the whole record."""

    id: str
    child_id: str
    entry: str
    part: str
    words: str
    ground: Ground
    note: str
    marked_by: str
    marked_by_name: str
    marked_at: datetime

    @property
    def everywhere(self) -> bool:
        """Tell whether the words are withheld wherever they occur."""
        return self.entry == WHOLE


def matches(mark: Mark, entries: Iterable[Entry]) -> bool:
    """Tell whether a mark still withholds anything: what it was put on may say something else by now."""
    return any(_applies(mark, one, part) for one in entries for part in one.parts)


def redact(entries: Sequence[Entry], marks: Sequence[Mark]) -> list[Entry]:
    """Return the entries as they are released: marks stand where something is withheld, and it is not there any more.

    Words are looked for without regard to capitals. What is withheld as a whole counts before words in it.
    """
    return [_redacted(one, marks) for one in entries]


def withheld(entries: Sequence[Entry], marks: Sequence[Mark]) -> list[tuple[Mark, Entry, Part]]:
    """Return every part of every entry in which a mark withholds something, with the mark."""
    return [
        (mark, one, part) for one in entries for part in one.parts for mark in marks if _applies(mark, one, part)
    ]  # fmt: skip


def as_json(entries: Sequence[Entry]) -> list[dict[str, Any]]:
    """Return entries as they are written into the copy; the keys of our tables are not in it."""
    return [
        {
            "date": one.on.isoformat(),
            "kind": one.kind,
            "record": one.source,
            "says": [{"label": part.label, "text": part.text} for part in one.parts],
        }
        for one in entries
    ]


def _applies(mark: Mark, one: Entry, part: Part) -> bool:
    if mark.entry not in (WHOLE, one.key) or mark.part not in (WHOLE, part.key):
        return False
    return not mark.words or re.search(re.escape(mark.words), part.text, re.IGNORECASE) is not None


def _redacted(one: Entry, marks: Sequence[Mark]) -> Entry:
    of_entry = next((mark for mark in marks if mark.entry == one.key and not mark.part and not mark.words), None)
    if of_entry is not None:
        return replace(one, parts=(Part("withheld", "", of_entry.ground.told),))
    return replace(one, parts=tuple(_redacted_part(one, part, marks) for part in one.parts))


def _redacted_part(one: Entry, part: Part, marks: Sequence[Mark]) -> Part:
    applying = [mark for mark in marks if _applies(mark, one, part)]
    whole = next((mark for mark in applying if not mark.words), None)
    if whole is not None:
        return replace(part, text=whole.ground.told)
    # In one go and the longest first, so that nothing is looked for in a mark that stands there already.
    longest = sorted(applying, key=lambda mark: -len(mark.words))
    if not longest:
        return part
    told = {mark.words.casefold(): mark.ground.told for mark in reversed(longest)}
    pattern = "|".join(re.escape(mark.words) for mark in longest)

    def mark_of(found: re.Match[str]) -> str:
        return told.get(found[0].casefold(), longest[0].ground.told)

    return replace(part, text=re.sub(pattern, mark_of, part.text, flags=re.IGNORECASE))
