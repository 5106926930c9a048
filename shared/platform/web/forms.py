"""The bridge between marshmallow schemas and GOV.UK forms.

    values, errors = read_form(MeetingSchema())
    if errors:
        return render_page("scheduling/meeting.html", status=422, form=FormState.typed(errors), …)

and for the first, empty or saved, form: `FormState.saved({"place": meeting.place})`. What was typed is always kept.
A box left empty is missing to the schema: give a field that may be emptied `load_default=""` (or None).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, time
from typing import Any

from flask import request
from marshmallow import EXCLUDE, Schema, ValidationError, fields
from werkzeug.datastructures import MultiDict

from shared.platform.web.fields import Day, Typed, check_characters, label_of

Errors = dict[str, list[str]]
DATE_PARTS = ("day", "month", "year")


def read_form(schema: Schema, form: MultiDict[str, str] | None = None) -> tuple[dict[str, Any], Errors]:
    """Load the posted form (or `form`) through a schema; return what is good and, by field, what is wrong.

    Fields that the schema does not know (tokens, buttons) are ignored. Errors are plain sentences keyed by the field's
    name in the form, so that `#name` finds its first input.
    """
    posted = request.form if form is None else form
    raw: dict[str, Any] = {}
    errors: Errors = {}
    for name, definition in schema.load_fields.items():
        key = definition.data_key or name
        try:
            found = _typed(posted, key, definition)
        except ValidationError as problem:
            errors[key] = [_without_stop(str(message)) for message in problem.messages]
            continue
        if found is not None:
            raw[key] = found
    try:
        values = schema.load(raw, unknown=EXCLUDE)
    except ValidationError as problem:
        found_errors = plain_errors(schema, problem)
        errors = {**found_errors, **errors}
        values = problem.valid_data if isinstance(problem.valid_data, dict) else {}
    ordered = [definition.data_key or name for name, definition in schema.load_fields.items()]
    errors = dict(sorted(errors.items(), key=lambda item: ordered.index(item[0]) if item[0] in ordered else -1))
    wrong = {name for name, definition in schema.load_fields.items() if (definition.data_key or name) in errors}
    return {name: value for name, value in values.items() if name not in wrong}, errors


def _typed(posted: MultiDict[str, str], key: str, definition: fields.Field[Any]) -> Any:
    """Return what was typed for one field in the shape its schema field takes; None when nothing was."""
    label = label_of(definition)
    if isinstance(definition, fields.Date) and any(f"{key}-{part}" in posted for part in DATE_PARTS):
        parts = {part: check_characters(posted.get(f"{key}-{part}", "").strip(), label) for part in DATE_PARTS}
        if not any(parts.values()):
            return None
        return parts if isinstance(definition, Day) else "-".join(parts[part].zfill(2) for part in reversed(DATE_PARTS))
    if isinstance(definition, fields.List):
        chosen = [Typed(check_characters(text.strip(), label)) for text in posted.getlist(key)]
        return [text for text in chosen if text] or None
    text = check_characters(posted.get(key, "").strip(), label)
    return Typed(text) if text else None


def plain_errors(schema: Schema, problem: ValidationError) -> Errors:
    """Return a schema's errors as plain sentences, nested ones under `outer.0.inner`, those of no field under ""."""
    found: Errors = {}
    messages = problem.messages if isinstance(problem.messages, dict) else {"": problem.messages}
    for key, message in _walk(messages, ""):
        name = key.split(".")[0]
        by_key = {definition.data_key or inner: definition for inner, definition in schema.load_fields.items()}
        definition = by_key.get(name)
        of_list = isinstance(definition, fields.List) and not isinstance(definition.inner, fields.Nested)
        shown = name if of_list else key
        label = label_of(definition) if definition is not None and "." not in shown else shown.split(".")[-1]
        found.setdefault("" if shown == "_schema" else shown, []).append(_plain(message, label, definition))
    return found


def _walk(messages: object, key: str) -> Iterator[tuple[str, str]]:
    if isinstance(messages, Mapping):
        for name, inner in messages.items():
            yield from _walk(inner, f"{key}.{name}" if key else str(name))
    elif isinstance(messages, Sequence) and not isinstance(messages, str):
        for inner in messages:
            yield from _walk(inner, key)
    else:
        yield key, str(messages)


def _plain(message: str, label: str, definition: fields.Field[Any] | None) -> str:
    """Return marshmallow's stock sentence in the words of a GOV.UK error message; any other sentence as it is."""
    small = label[:1].lower() + label[1:] if label[1:2].islower() else label
    asks = "Select" if definition is not None and definition.metadata.get("select") else "Enter"
    if message in ("Missing data for required field.", "Field may not be null."):
        return f"{asks} {small}"
    if message.startswith("Must be one of:") or message == "Invalid value.":
        return f"Select {small} from the list"  # nosec B608  # noqa: S608 - English, not SQL
    longest = re.fullmatch(r"Longer than maximum length (\d+)\.", message)
    if longest:
        return f"{label} must be {int(longest[1]):,} characters or fewer"
    stock = {
        "Not a valid integer.": "must be a whole number",
        "Not a valid number.": "must be a number",
        "Not a valid date.": "must be a real date",
        "Not a valid time.": "must be a time, like 14:30",
        "Not a valid email address.": "must be an e-mail address, like name@example.org",
        "Not a valid string.": "must be text",
        "Not a valid boolean.": "must be yes or no",
        "Unknown field.": "is not known here",
    }
    return f"{label} {stock[message]}" if message in stock else _without_stop(message)


def _without_stop(message: str) -> str:
    """Return an error message without its full stop, as GOV.UK writes them; two sentences keep theirs."""
    return message if ". " in message else message.removesuffix(".")


@dataclass(frozen=True, slots=True)
class FormState:
    """What a form shows: what is saved or was typed, and what is wrong with it."""

    values: Mapping[str, Any] = field(default_factory=dict)
    errors: Mapping[str, Sequence[str]] = field(default_factory=dict)

    @classmethod
    def saved(cls, values: Mapping[str, Any] | None = None) -> FormState:
        """Return the state of a form that shows what is saved (dates, pence and booleans as themselves)."""
        return cls(values or {})

    @classmethod
    def typed(cls, errors: Mapping[str, Sequence[str]] | None = None) -> FormState:
        """Return the state of the form just posted: everything typed, and what is wrong with it."""
        return cls(request.form, errors or {})

    @classmethod
    def asked(cls) -> FormState:
        """Return the state of the filters in this address."""
        return cls(request.args)

    def text(self, key: str) -> str:
        """Return what to put in a text box."""
        value = self.values.get(key)
        if value is None:
            return ""
        if isinstance(value, bool):
            return "yes" if value else "no"
        if isinstance(value, time):
            return value.strftime("%H:%M")
        return str(value)

    def money(self, key: str) -> str:
        """Return what to put in a box for pounds; a saved integer is pence."""
        value = self.values.get(key)
        if isinstance(value, int) and not isinstance(value, bool):
            return f"{value // 100}.{value % 100:02d}"
        return self.text(key)

    def part(self, key: str, part: str) -> str:
        """Return what to put in one box of a date; `part` is day, month or year."""
        typed = self.values.get(f"{key}-{part}")
        if typed is not None:
            return str(typed)
        value = self.values.get(key)
        if isinstance(value, str) and re.fullmatch(r"\d{4}-\d\d-\d\d", value):
            value = date.fromisoformat(value)
        return str(getattr(value, part)) if isinstance(value, date) else ""

    def chosen(self, key: str) -> list[str]:
        """Return the values chosen among several."""
        if isinstance(self.values, MultiDict):
            return self.values.getlist(key)
        value = self.values.get(key)
        if isinstance(value, (list, tuple, set, frozenset)):
            return [str(one) for one in value]
        return [self.text(key)] if value is not None else []

    def choices(self, definition: Mapping[str, Any]) -> list[dict[str, Any]]:
        """Return a definition's options as a GOV.UK macro takes them, the chosen ones marked."""
        chosen = set(self.chosen(definition["key"]))
        options = definition.get("options") or ()
        if definition.get("type") == "yes_no":
            options = ({"value": "yes", "text": "Yes"}, {"value": "no", "text": "No"})
        items: list[dict[str, Any]] = []
        for option in options:
            item = dict(option) if isinstance(option, Mapping) else {"value": str(option), "text": str(option)}
            picked = str(item["value"]) in chosen
            hint = item.get("hint")
            hinted = {"hint": {"text": hint} if isinstance(hint, str) else hint} if hint else {}
            items.append({**item, **hinted, "checked": picked, "selected": picked})
        return items

    def error(self, key: str) -> str:
        """Return what is wrong with a field, or an empty text."""
        return " ".join(self.errors.get(key, ()))

    @property
    def summary(self) -> list[dict[str, str]]:
        """Return every error with the address of its field, for the summary on top of the page."""
        if "version" in self.errors:
            return [{"text": "This page is out of date. Load it again, then send the form once more", "href": ""}]
        return [
            {"text": message, "href": f"#{key}" if key else ""}
            for key, messages in self.errors.items()
            for message in messages
        ]
