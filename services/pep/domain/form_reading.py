"""Reading a form's JSON, and reading what somebody answered; each fault is named."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from datetime import date
from decimal import Decimal, InvalidOperation
from itertools import combinations
from typing import Any

from services.pep.domain.circumstances import Circumstance
from services.pep.domain.forms import Condition, Field, FieldType, Form, Heading, Section, Value, When
from shared.contracts.roles import Role

LONGEST_TEXT = 200
LONGEST_TEXTAREA = 10_000
HIGHEST_NUMBER = 1_000_000
WRITERS = (Role.SOCIAL_WORKER, Role.DESIGNATED_TEACHER, Role.CARER)
"""Whose a section can be."""
_FIELD_KEYS = {"key", "label", "type", "hint", "options", "required", "required_when", "heading", "maximum"}
_SECTION_KEYS = {"key", "title", "owner", "intro", "fields", "shown_when", "hidden_when"}


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
    form = Form(definition["phase"], definition["version"], definition["title"], tuple(sections))
    for fault in faults_of_whole(form):
        raise FaultyForm(f"{where}: {fault}")
    return form


def faults_of_whole(form: Form) -> Iterator[str]:
    """Name what is wrong with a form as a whole: conditions on what is not there, headings that can stay open.

    A plan must hold each heading of Schedule 1 paragraph 2 whatever applies to the child: each combination of the
    circumstances that the form looks at is tried, leaving aside whatever is asked only because of an answer.
    """
    for section in form.sections:
        for when in (*section.shown_when, *section.hidden_when):
            if fault := _fault_of(when, section, form):
                yield f"section “{section.key}”: {fault}"
    looked_at = sorted({one for one in Circumstance for section in form.sections if _looks_at(section, one)})
    for size in range(len(looked_at) + 1):
        for given in combinations(looked_at, size):
            yield from _open_headings(form, given)


def _open_headings(form: Form, given: Collection[str]) -> Iterator[str]:
    always = [one for one in form.sections if _surely_asked(one, given)]
    carried = {field.heading for section in always for field in section.fields if field.required}
    for heading in Heading:
        if heading not in carried:
            applies = f" when this applies: {', '.join(given)}" if given else ""
            yield f"no required field answers “{heading}” ({heading.citation}){applies}"


def _looks_at(section: Section, circumstance: Circumstance) -> bool:
    return any(one.circumstance is circumstance for one in (*section.shown_when, *section.hidden_when))


def _surely_asked(section: Section, given: Collection[str]) -> bool:
    """Tell whether a section is asked in these circumstances whatever is answered elsewhere."""
    hides = any(one.circumstance is None or one.circumstance in given for one in section.hidden_when)
    shows = any(one.circumstance is not None and one.circumstance in given for one in section.shown_when)
    return not hides and (shows or not section.shown_when)


def _fault_of(when: When, section: Section, form: Form) -> str:
    if when.circumstance is not None:
        return ""
    asks = form.section(when.section)
    field = asks.field(when.field) if asks is not None else None
    if field is None:
        return f"it waits for “{when.section}.{when.field}”, which the form does not ask"
    if when.section == section.key:
        return "it waits for an answer of its own"
    strange = set(when.values) - values_of(field)
    return f"“{when.section}.{when.field}” cannot be {', '.join(sorted(strange))}" if strange or not when.values else ""


def values_of(field: Field) -> set[str]:
    """Return the values that conditions can name of a question: of a choice and of yes or no."""
    return {"yes", "no"} if field.type is FieldType.YES_NO else {code for code, _ in field.options}


def _section(entry: Mapping[str, Any], where: str) -> Section:
    where = f"{where} ({entry.get('key', 'no key')})"
    _only(entry, _SECTION_KEYS, where)
    if "fields" not in entry:
        raise FaultyForm(f"{where}: 'fields' is missing")
    fields: list[Field] = []
    for row in entry["fields"]:
        fields.append(read_field(row, {one.key: one for one in fields}, where))
    _no_repeats([one.key for one in fields], f"{where}: field key")
    return read_section(entry, where, tuple(fields))


def read_section(entry: Mapping[str, Any], where: str, fields: tuple[Field, ...]) -> Section:
    """Read what is said of a section, whose questions are read already; raises `FaultyForm`."""
    try:
        owner, title, key = Role(entry["owner"]), str(entry["title"]), str(entry["key"])
    except KeyError as fault:
        raise FaultyForm(f"{where}: {fault} is missing") from fault
    except ValueError as fault:
        raise FaultyForm(f"{where}: “{entry['owner']}” is not a role") from fault
    if owner not in WRITERS:
        raise FaultyForm(f"{where}: a section is written by {', '.join(WRITERS)}, not by “{owner}”")
    shown, hidden = (tuple(_when(one, where) for one in entry.get(name, [])) for name in ("shown_when", "hidden_when"))
    return Section(key, title, owner, fields, str(entry.get("intro", "")), shown, hidden)


def _when(entry: Any, where: str) -> When:
    """Read what a section waits for: the name of a circumstance, or section, field and values."""
    if isinstance(entry, str):
        if entry not in set(Circumstance):
            raise FaultyForm(f"{where}: “{entry}” is no circumstance; there are {', '.join(Circumstance)}")
        return When(circumstance=Circumstance(entry))
    _only(entry, {"section", "field", "values"}, where)
    return When(section=str(entry["section"]), field=str(entry["field"]), values=tuple(entry["values"]))


def read_field(row: Mapping[str, Any], before: Mapping[str, Field], where: str) -> Field:
    """Read one question; `before` are those of its section above it. Raises `FaultyForm`."""
    named = row.get("key", "without key")
    where = f"{where}, field {named}" if where else f"question “{named}”"
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
        if strange := set(condition.values) - values_of(asked):
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
    largest = HIGHEST_NUMBER if one.maximum is None else one.maximum
    if not number.is_finite() or number < 0 or number > Decimal(str(largest)):
        raise ValueError(f"Enter a number from 0 to {largest:,.10g}.")
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
