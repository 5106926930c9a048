"""Marshmallow fields for what people type and what programs send: one schema serves a form, its JSON and its CSV row.

Text from a form arrives as `Typed`; JSON and CSV arrive as themselves. It matters where a bare text could be read two
ways: "250" typed into a form is two hundred and fifty pounds, while an API speaks of pence and must send a number.
Messages start with the field's `label` (`metadata={"label": "Meeting date"}`), or with its name in words.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date, time
from typing import Any

from marshmallow import ValidationError, fields

LONGEST_TEXT = 20_000


class Typed(str):
    """What a person typed into a form, without the white space around it."""

    __slots__ = ()


def label_of(field: fields.Field[Any]) -> str:
    """Return the words by which messages call a field."""
    label = field.metadata.get("label")
    if isinstance(label, str):
        return label
    return (field.name or "this").replace("_", " ").strip().capitalize()


def check_characters(text: str, label: str) -> str:
    """Return the text, or refuse characters that no database and no reader can take (NUL, half of a pair)."""
    if "\x00" in text or any("\ud800" <= letter <= "\udfff" for letter in text):
        raise ValidationError(f"{label} has a character that cannot be stored. Delete it and type it again.")
    return text


class Text(fields.String):
    """Words: no NUL, one kind of line end, at most `longest` characters (20,000 unless told)."""

    def __init__(self, *, longest: int = LONGEST_TEXT, **options: Any) -> None:
        super().__init__(**options)
        self.longest = longest

    def _deserialize(self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any) -> str:
        text = str(super()._deserialize(value, attr, data, **kwargs)).replace("\r\n", "\n").replace("\r", "\n")
        if len(text) > self.longest:
            raise ValidationError(f"{label_of(self)} must be {self.longest:,} characters or fewer.")
        return check_characters(text, label_of(self)).strip()


class Day(fields.Date):
    """A calendar day: three boxes in a form, `2026-12-07` elsewhere and nothing looser."""

    def _deserialize(self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any) -> date:
        label = label_of(self)
        if isinstance(value, Mapping):
            return day_from_parts(value, label)
        if not isinstance(value, str) or not re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", value):
            raise ValidationError(f"{label} must be a date like 2026-12-07.")
        try:
            return date.fromisoformat(value)
        except ValueError as error:
            raise ValidationError(f"{label} must be a real date.") from error


MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
MONTH_NAMES = (
    "january", "february", "march", "april", "may", "june",
    "july", "august", "september", "october", "november", "december",
)  # fmt: skip


def day_from_parts(parts: Mapping[str, Any], label: str) -> date:
    """Return the date of three boxes; the message names the boxes left empty."""
    typed = {name: str(parts.get(name) or "").strip() for name in ("day", "month", "year")}
    empty = [name for name, text in typed.items() if not text]
    if empty:
        raise ValidationError(f"{label} must include a {' and a '.join(empty)}.")
    month = typed["month"].lower()
    if month in MONTHS or month in MONTH_NAMES:
        typed["month"] = str(MONTHS.index(month[:3]) + 1)
    if not all(re.fullmatch(r"[0-9]{1,4}", text) for text in typed.values()):
        raise ValidationError(f"{label} must be a real date.")
    if len(typed["year"]) != 4:
        raise ValidationError(f"{label} must have a year of four digits, like 2026.")
    try:
        return date(int(typed["year"]), int(typed["month"]), int(typed["day"]))
    except ValueError as error:
        raise ValidationError(f"{label} must be a real date.") from error


class Pence(fields.Integer):
    """Money in whole pence: `£1,250.50` in a form, the integer 125050 elsewhere."""

    def __init__(self, **options: Any) -> None:
        super().__init__(strict=True, **options)

    def _deserialize(self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any) -> int:
        label = label_of(self)
        if isinstance(value, Typed):
            plain = value.replace("£", "").replace(" ", "")
            match = re.fullmatch(r"([0-9]{1,3}(?:,[0-9]{3})+|[0-9]{1,9})(?:\.([0-9]{1,2}))?", plain)
            if match is None:
                raise ValidationError(f"{label} must be an amount in pounds, like 250 or 250.50.")
            return int(match[1].replace(",", "")) * 100 + int((match[2] or "").ljust(2, "0"))
        if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value < 10**11:
            raise ValidationError(f"{label} must be a whole number of pence, 0 or more.")
        return value


class Whole(fields.Integer):
    """A whole number: digits in a form, a JSON integer elsewhere (no 40.9, no "40", no full-width digits)."""

    def __init__(self, **options: Any) -> None:
        super().__init__(strict=True, **options)

    def _deserialize(self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any) -> int:
        if isinstance(value, Typed) and re.fullmatch(r"-?[0-9]{1,15}", value):
            return int(value)
        if isinstance(value, bool) or not isinstance(value, int) or abs(value) > 10**15:
            raise ValidationError(f"{label_of(self)} must be a whole number.")
        return value


class YesNo(fields.Boolean):
    """Yes or no: radios with the values `yes` and `no` in a form, true or false elsewhere."""

    def _deserialize(self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any) -> bool:
        if isinstance(value, Typed) and value in ("yes", "no"):
            return value == "yes"
        if isinstance(value, bool):
            return value
        raise ValidationError(f"Answer yes or no: {label_of(self).lower()}.")


class ClockTime(fields.Time):
    """A time of day: `2:30pm`, `2pm` or `14:30` in a form; `14:30` elsewhere."""

    def _deserialize(self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any) -> time:
        text = value.lower().replace(" ", "").replace(".", ":") if isinstance(value, str) else ""
        if text in ("noon", "midday"):
            return time(12)
        match = re.fullmatch(r"([0-9]{1,2})(?::([0-9]{2}))?(am|pm)?", text)
        if match and (match[2] or match[3]):
            hour, minute, half = int(match[1]), int(match[2] or 0), match[3]
            if half and not 1 <= hour <= 12:
                hour = 99
            elif half:
                hour = hour % 12 + (12 if half == "pm" else 0)
            if hour < 24 and minute < 60:
                return time(hour, minute)
        raise ValidationError(f"{label_of(self)} must be a time, like 2:30pm or 14:30.")
