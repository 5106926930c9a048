"""Reading a form's JSON, and reading what somebody answered; each fault is named."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Any

from services.pep.domain.forms import Condition, Field, FieldType, Form, Heading, Section, Value
from shared.contracts.roles import Role

LONGEST_TEXT = 200
LONGEST_TEXTAREA = 10_000
HIGHEST_NUMBER = 1_000_000
_FIELD_KEYS = {"key", "label", "type", "hint", "options", "required", "required_when", "heading", "maximum"}
_SECTION_KEYS = {"key", "title", "owner", "intro", "fields"}


class FaultyForm(ValueError):
    """A form's definition is wrong; the message names the place and the fault."""


def read_form_definition(definition: Mapping[str, Any], shared: Mapping[str, Any], where: str) -> Form:
    """Build a form from its JSON and the shared sections, or raise `FaultyForm` naming the fault.

    Checks that keys are known and unique, owners are roles, conditions name an earlier field of their section, and that
    each heading of Schedule 1 paragraph 2 has a field that is always required.
    """
    for key in ("phase", "version", "title", "sections"):
        if key not in definition:
            raise FaultyForm(f"{where}: “{key}” is missing")
    sections: list[Section] = []
    for number, entry in enumerate(definition["sections"], start=1):
        if isinstance(entry, str):
            if entry not in shared:
                raise FaultyForm(f"{where}: section {number} names “{entry}”, which shared.json does not hold")
            entry = {"key": entry, **shared[entry]}
        sections.append(_section(entry, f"{where}: section {number}"))
    _no_repeats([section.key for section in sections], f"{where}: section key")
    carried = {f.heading for section in sections for f in section.fields if f.required}
    for heading in Heading:
        if heading not in carried:
            raise FaultyForm(f"{where}: no required field answers “{heading}” ({heading.citation})")
    return Form(definition["phase"], definition["version"], definition["title"], tuple(sections))


def _section(entry: Mapping[str, Any], where: str) -> Section:
    where = f"{where} ({entry.get('key', 'no key')})"
    _only(entry, _SECTION_KEYS, where)
    try:
        owner = Role(entry["owner"])
        title, key, rows = str(entry["title"]), str(entry["key"]), entry["fields"]
    except KeyError as fault:
        raise FaultyForm(f"{where}: {fault} is missing") from fault
    except ValueError as fault:
        raise FaultyForm(f"{where}: “{entry['owner']}” is not a role") from fault
    fields: list[Field] = []
    for row in rows:
        fields.append(_field(row, {one.key: one for one in fields}, where))
    _no_repeats([one.key for one in fields], f"{where}: field key")
    return Section(key, title, owner, tuple(fields), str(entry.get("intro", "")))


def _field(row: Mapping[str, Any], before: Mapping[str, Field], where: str) -> Field:
    where = f"{where}, field {row.get('key', 'without key')}"
    _only(row, _FIELD_KEYS, where)
    for key in ("key", "label", "type"):
        if not row.get(key):
            raise FaultyForm(f"{where}: “{key}” is missing")
    try:
        kind = FieldType(row["type"])
        heading = Heading(row["heading"]) if "heading" in row else None
    except ValueError as fault:
        raise FaultyForm(f"{where}: {fault}") from fault
    options = tuple((str(code), str(words)) for code, words in row.get("options", {}).items())
    if (kind is FieldType.CHOICE) != bool(options):
        raise FaultyForm(f"{where}: a choice needs options, and only a choice has them")
    condition = None
    if "required_when" in row:
        condition = Condition(str(row["required_when"]["field"]), tuple(row["required_when"]["values"]))
        asked = before.get(condition.field)
        if asked is None:
            raise FaultyForm(f"{where}: required_when names “{condition.field}”, which does not come before it")
        allowed = {"yes", "no"} if asked.type is FieldType.YES_NO else {code for code, _ in asked.options}
        if strange := set(condition.values) - allowed:
            raise FaultyForm(f"{where}: required_when has values that “{condition.field}” cannot take: {strange}")
    return Field(
        key=row["key"],
        label=row["label"],
        type=kind,
        hint=row.get("hint", ""),
        options=options,
        required=bool(row.get("required", False)),
        required_when=condition,
        heading=heading,
        maximum=row.get("maximum"),
    )


def _only(entry: Mapping[str, Any], known: set[str], where: str) -> None:
    if strange := sorted(set(entry) - known):
        raise FaultyForm(f"{where}: unknown {', '.join(strange)}")


def _no_repeats(keys: list[str], where: str) -> None:
    seen: set[str] = set()
    for key in keys:
        if key in seen:
            raise FaultyForm(f"{where} “{key}” comes twice")
        seen.add(key)


def read_answers(section: Section, raw: Mapping[str, Any]) -> tuple[dict[str, Value], dict[str, list[str]]]:
    """Read a section's answers from a page or from JSON; return the values and, by field key, what is wrong.

    Blanks become None (a draft may have gaps). Dates are ISO texts, money is pence, numbers are whole where they can
    be. A key that the section does not have is an error, so that nothing sent is dropped without a word.
    """
    values: dict[str, Value] = {}
    errors: dict[str, list[str]] = {}
    for one in section.fields:
        try:
            values[one.key] = _value(one, raw.get(one.key))
        except ValueError as fault:
            errors[one.key] = [str(fault)]
    for key in _unknown(section, raw):
        errors[key] = ["This section has no such question."]
    return values, errors


def _unknown(section: Section, raw: Mapping[str, Any]) -> Iterator[str]:
    return (key for key in raw if section.field(key) is None)


def _value(one: Field, raw: Any) -> Value:
    if raw is None or (isinstance(raw, str) and not raw.strip()):
        return None
    return _READERS.get(one.type, _text)(one, raw)


def _text(one: Field, raw: Any) -> str:
    if not isinstance(raw, str):
        raise ValueError("Enter words.")
    text = raw.replace("\r\n", "\n").strip()
    if any(letter == "\x00" or "\ud800" <= letter <= "\udfff" for letter in text):
        raise ValueError("Take out the character that cannot be kept.")
    longest = LONGEST_TEXT if one.type is FieldType.TEXT else LONGEST_TEXTAREA
    if len(text) > longest:
        raise ValueError(f"Use {longest:,} characters or fewer; there are {len(text):,}.")
    return text


def _choice(one: Field, raw: Any) -> str:
    if not isinstance(raw, str) or raw not in dict(one.options):
        raise ValueError("Choose one of the answers given.")
    return raw


def _yes_no(_: Field, raw: Any) -> bool:
    if isinstance(raw, bool):
        return raw
    if raw not in ("yes", "no"):
        raise ValueError("Choose yes or no.")
    return bool(raw == "yes")


def _date(_: Field, raw: Any) -> str:
    try:
        day = date.fromisoformat(raw).isoformat()
        if day != raw:
            raise ValueError
        return day
    except (TypeError, ValueError):
        raise ValueError("Enter a real date, such as 7 12 2026.") from None


def _number(one: Field, raw: Any) -> int | float:
    try:
        if isinstance(raw, bool):
            raise InvalidOperation
        number = Decimal(str(raw).strip().removesuffix("%"))
    except InvalidOperation:
        raise ValueError("Enter a number, such as 12 or 94.5.") from None
    if not number.is_finite() or number < 0 or (one.maximum is not None and number > Decimal(str(one.maximum))):
        raise ValueError(
            f"Enter a number from 0 to {one.maximum:g}." if one.maximum else "Enter a number of 0 or more."
        )
    return int(number) if number == int(number) else float(number)


def _money(_: Field, raw: Any) -> int:
    """JSON sends pence as a whole number; a page sends pounds as text."""
    if isinstance(raw, int) and not isinstance(raw, bool):
        pence = Decimal(raw)
    else:
        try:
            pence = Decimal(str(raw).strip().removeprefix("£").replace(",", "")) * 100
        except InvalidOperation:
            raise ValueError("Enter an amount in pounds, such as 250 or 49.50.") from None
    if not pence.is_finite() or pence < 0 or pence != int(pence) or pence > 10_000_000:
        raise ValueError("Enter an amount from £0 to £100,000, in pounds and pence.")
    return int(pence)


_READERS: Mapping[FieldType, Callable[[Field, Any], Value]] = {
    FieldType.CHOICE: _choice,
    FieldType.YES_NO: _yes_no,
    FieldType.DATE: _date,
    FieldType.NUMBER: _number,
    FieldType.MONEY: _money,
}
