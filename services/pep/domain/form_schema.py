"""A JSON Schema of what a form's sections can hold, so that another system can check before it sends."""

from __future__ import annotations

from typing import Any

from services.pep.domain.form_reading import HIGHEST_NUMBER, LONGEST_TEXT, LONGEST_TEXTAREA
from services.pep.domain.forms import Field, FieldType, Form

DIALECT = "https://json-schema.org/draft/2020-12/schema"
_DEAREST = 10_000_000


def answers_schema(form: Form) -> dict[str, Any]:
    """Return a JSON Schema (2020-12) of a plan's answers: section key → field key → value; every answer may be null."""
    return {
        "$schema": DIALECT,
        "title": f"{form.title}, version {form.version}",
        "type": "object",
        "additionalProperties": False,
        "properties": {
            section.key: {
                "title": section.title,
                "type": "object",
                "additionalProperties": False,
                "properties": {field.key: _value(field) for field in section.fields},
            }
            for section in form.sections
        },
    }


def _value(field: Field) -> dict[str, Any]:
    about = {"title": field.label} | ({"description": field.hint} if field.hint else {})
    kinds: dict[FieldType, dict[str, Any]] = {
        FieldType.TEXT: {"type": ["string", "null"], "maxLength": LONGEST_TEXT},
        FieldType.TEXTAREA: {"type": ["string", "null"], "maxLength": LONGEST_TEXTAREA},
        FieldType.CHOICE: {"enum": [*(code for code, _ in field.options), None]},
        FieldType.YES_NO: {"type": ["boolean", "null"]},
        FieldType.DATE: {"type": ["string", "null"], "format": "date"},
        FieldType.NUMBER: {"type": ["number", "null"], "minimum": 0, "maximum": field.maximum or HIGHEST_NUMBER},
        FieldType.MONEY: {"type": ["integer", "null"], "minimum": 0, "maximum": _DEAREST},
    }
    return about | kinds[field.type]
