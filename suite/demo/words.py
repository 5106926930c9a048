"""What the invented people write, from `words.json`: answers by question, targets, the child's views.

Each question has one or more wordings; a child's place in the list decides which one is taken. `{child}`, `{they}`,
`{them}` and `{their}` are filled in.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache
from pathlib import Path
from typing import Any

from services.pep.domain.forms import Field, FieldType, Section, Value
from suite.demo.children import Child


@dataclass(frozen=True, slots=True)
class TargetWords:
    """A target as it is written down; `cost_pence` is what it takes of Pupil Premium Plus."""

    category: str
    what: str
    measure: str
    who: str
    how_often: str
    cost_pence: int


def targets(child: Child, phase: str) -> list[TargetWords]:
    """Return the targets of a child's plan."""
    found = []
    for written in _words()["targets"][phase]:
        cost_pence: int = written["cost_pence"]
        words = {key: say(value, child) for key, value in written.items() if key != "cost_pence"}
        found.append(TargetWords(**words, cost_pence=cost_pence))
    return found


def views(number: int) -> Mapping[str, str]:
    """Return what a child says for a plan: question key → answer."""
    said: list[Mapping[str, str]] = _words()["views"]
    return said[number % len(said)]


def section_answers(section: Section, child: Child, number: int, on: date) -> dict[str, Value]:
    """Return what is written into one section of a child's plan on a day: what is required, and most of the others."""
    values: dict[str, Value] = {}
    for field in section.fields:
        if field.required_when is None or field.is_required(values):
            values[field.key] = _answer(field, child, number, on)
    return {key: value for key, value in values.items() if value not in (None, "")}


def _answer(field: Field, child: Child, number: int, on: date) -> Value:
    match field.type:
        case FieldType.YES_NO:
            return _yes(field.key, child, number)
        case FieldType.CHOICE:
            wanted = _words()["choices"].get(field.key)
            return str(wanted[number % len(wanted)]) if wanted else field.options[0][0]
        case FieldType.NUMBER | FieldType.MONEY:
            figures: list[int] = _words()["numbers"].get(field.key, [0])
            return figures[number % len(figures)]
        case FieldType.TEXT | FieldType.TEXTAREA:
            wordings: list[str] = _words()["texts"].get(field.key, [""])
            return say(wordings[number % len(wordings)], child)
        case FieldType.DATE if field.required or field.required_when:
            past = field.key.endswith(("_since", "_from"))
            return (on + timedelta(days=-60 if past else 60)).isoformat()
        case _:
            return None


def _yes(key: str, child: Child, number: int) -> bool:
    if key == "full_time":
        return True
    if key == "moves_within_a_year":
        return child.row.group == 6
    if key == "starts_school_within_a_year":
        return child.row.group < 0
    if key == "key_stage_4":
        return child.row.group in (10, 11)
    return key in ("change_planned", "contact_limits") and number % 5 == 0


def say(words: str, child: Child) -> str:
    """Fill the child's short name and pronouns into a wording."""
    he, him, his = ("he", "him", "his") if child.row.sex == "1" else ("she", "her", "her")
    return words.format(child=child.row.known_as or child.row.name.split()[0], they=he, them=him, their=his)


@cache
def _words() -> dict[str, Any]:
    words: dict[str, Any] = json.loads((Path(__file__).parent / "words.json").read_text(encoding="utf-8"))
    return words
