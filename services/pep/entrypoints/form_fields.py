"""Between the plan's form as data and the page: definitions for the field macro, posted answers, answers in words."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from werkzeug.datastructures import MultiDict

from services.pep.domain.care_plan import in_words
from services.pep.domain.forms import Field, FieldType, Section, Value

_TYPES = {FieldType.CHOICE: "radios"}


def definitions(section: Section) -> list[dict[str, Any]]:
    """Return a section's fields as the suite's field macro takes them."""
    return [_definition(section, one) for one in section.fields]


def _definition(section: Section, one: Field) -> dict[str, Any]:
    shown: dict[str, Any] = {
        "key": one.key,
        "label": one.label,
        "hint": " ".join(filter(None, [_needed_if(section, one), one.hint])),
        "type": _TYPES.get(one.type, one.type.value),
        "options": [{"value": code, "text": words} for code, words in one.options],
        "optional": not one.required and one.required_when is None,
    }
    if one.type is FieldType.NUMBER:
        shown["width"] = 5
    return shown


def _needed_if(section: Section, one: Field) -> str:
    """Say which answer further up makes a question one that must be answered."""
    if one.required_when is None:
        return ""
    asked = section.field(one.required_when.field)
    words = dict(asked.options) if asked is not None else {}
    said = [f"“{words.get(code, code.capitalize())}”" for code in one.required_when.values]
    return f"Needed if you answer {' or '.join([', '.join(said[:-1]), said[-1]] if said[1:] else said)} above."


def posted_answers(section: Section, form: MultiDict[str, str]) -> dict[str, str]:
    """Return what was typed into a section's fields; a date's three boxes become one text, real or not."""
    raw: dict[str, str] = {}
    for one in section.fields:
        if one.type is FieldType.DATE:
            day, month, year = (form.get(f"{one.key}-{part}", "").strip() for part in ("day", "month", "year"))
            raw[one.key] = f"{year}-{month.zfill(2)}-{day.zfill(2)}" if day or month or year else ""
        else:
            raw[one.key] = form.get(one.key, "")
    return raw


def rows_of(section: Section, answers: Mapping[str, Value], *, unanswered: str = "Not answered yet") -> list[Any]:
    """Return a section's answers in words, for a summary list."""
    return [
        {
            "key": one.label,
            "value": in_words(one.type, answers.get(one.key), one.options) or unanswered,
            "lines": one.type is FieldType.TEXTAREA,
        }
        for one in section.fields
    ]


def differences(section: Section, yours: Mapping[str, Value], theirs: Mapping[str, Value]) -> list[dict[str, str]]:
    """Return the fields in which two versions of a section differ, in words."""
    return [
        {
            "label": one.label,
            "theirs": in_words(one.type, theirs.get(one.key), one.options),
            "yours": in_words(one.type, yours.get(one.key), one.options),
        }
        for one in section.fields
        if yours.get(one.key) != theirs.get(one.key)
    ]
