"""A form as a table that a spreadsheet opens: one row a question, so that an authority changes its form by itself.

The table says all that the form does, and reading what was written gives the same form. Faults are named with their
lines, all at once.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from services.pep.domain.circumstances import Circumstance
from services.pep.domain.form_reading import FaultyForm, faults_of_whole, read_field, read_section
from services.pep.domain.forms import Field, Form, Section, When

COLUMNS = (
    "section",
    "section title",
    "written by",
    "section help",
    "shown when",
    "hidden when",
    "question",
    "label",
    "type",
    "help",
    "options",
    "required",
    "heading",
    "largest",
)
LARGEST_FORM = 400
"""The most questions that a form may have."""
_NAME = re.compile(r"^[a-z][a-z0-9_]{0,39}$")
_CONDITION = re.compile(r"^when ([a-z0-9_]+) = (.+)$")
_WHEN = re.compile(r"^([a-z0-9_]+)\.([a-z0-9_]+) = (.+)$")


@dataclass(frozen=True, slots=True)
class Fault:
    """Something wrong in a line of the table (line 1 holds the names of the columns; 0 is the form as a whole)."""

    line: int
    what: str


class FaultySheet(ValueError):
    """A table that is no form; `faults` are in the order of the lines."""

    def __init__(self, faults: Sequence[Fault]) -> None:
        super().__init__("; ".join(f"line {one.line}: {one.what}" for one in faults))
        self.faults = tuple(faults)


@dataclass(frozen=True, slots=True)
class SheetRow:
    """One row of the table as it was read: its line and its cells by column."""

    line: int
    cells: Mapping[str, str]


def write_form_sheet(form: Form) -> list[list[str]]:
    """Return a form's rows, without the names of the columns; what is said of a section stands in its first row."""
    rows = []
    for section in form.sections:
        about = [
            section.title,
            section.owner.value,
            section.intro,
            "; ".join(map(_when_text, section.shown_when)),
            "; ".join(map(_when_text, section.hidden_when)),
        ]
        for number, field in enumerate(section.fields):
            rows.append([section.key, *(about if number == 0 else [""] * 5), *_field_cells(field)])
    return rows


def read_form_sheet(rows: Sequence[SheetRow], phase: str, version: str, title: str) -> Form:
    """Build a form from its rows; raises `FaultySheet` with every fault."""
    faults: list[Fault] = []
    if len(rows) > LARGEST_FORM:
        faults.append(Fault(rows[LARGEST_FORM].line, f"a form has at most {LARGEST_FORM} questions"))
    sections: list[Section] = []
    seen: set[str] = set()
    for group in _by_section(rows[:LARGEST_FORM]):
        key = group[0].cells["section"]
        if key in seen:
            faults.append(Fault(group[0].line, f"the section “{key}” was there before; keep its questions together"))
        seen.add(key)
        sections += _section(group, faults)
    form = Form(phase, version, title, tuple(sections))
    if not rows:
        faults.append(Fault(0, "there is no question in it"))
    elif not faults:
        faults += [Fault(0, fault) for fault in faults_of_whole(form)]
    if faults:
        raise FaultySheet(sorted(faults, key=lambda one: one.line))
    return form


def _by_section(rows: Sequence[SheetRow]) -> Iterator[list[SheetRow]]:
    group: list[SheetRow] = []
    for row in rows:
        if group and row.cells["section"] != group[0].cells["section"]:
            yield group
            group = []
        group.append(row)
    if group:
        yield group


def _section(group: Sequence[SheetRow], faults: list[Fault]) -> Iterator[Section]:
    first = group[0]
    fields: dict[str, Field] = {}
    for row in group:
        try:
            field = read_field(_field_entry(row.cells), fields, "")
            if field.key in fields:
                raise FaultyForm(f"the question “{field.key}” was there before in this section")
            fields[field.key] = field
        except FaultyForm as fault:
            faults.append(Fault(row.line, str(fault)))
        if row is not first and any(row.cells[name] for name in COLUMNS[1:6]):
            faults.append(Fault(row.line, "what is said of a section stands in its first row only"))
    cells = first.cells
    entry: dict[str, Any] = {
        "key": cells["section"],
        "title": cells["section title"],
        "owner": cells["written by"],
        "intro": cells["section help"],
        "fields": [],
    }
    try:
        if not _NAME.match(cells["section"]):
            raise FaultyForm(f"“{cells['section']}” is no name for a section: use small letters, digits and _")
        for name in ("shown when", "hidden when"):
            entry[name.replace(" ", "_")] = [
                _when_entry(text.strip()) for text in cells[name].split(";") if text.strip()
            ]
        if not entry["title"]:
            raise FaultyForm("the section has no title")
        yield read_section(entry, f"section “{entry['key']}”", tuple(fields.values()))
    except FaultyForm as fault:
        faults.append(Fault(first.line, str(fault)))


def _field_entry(cells: Mapping[str, str]) -> dict[str, Any]:
    if not _NAME.match(cells["question"]):
        raise FaultyForm(f"“{cells['question']}” is no name for a question: use small letters, digits and _")
    for name in ("label", "help", "options"):
        if cells[name].startswith(("=", "+", "@")):
            raise FaultyForm(
                f"the {name} must not begin with “{cells[name][0]}”: a spreadsheet would take it for a formula"
            )
    entry: dict[str, Any] = {"key": cells["question"], "label": cells["label"], "type": cells["type"]}
    if cells["help"]:
        entry["hint"] = cells["help"]
    if cells["options"]:
        entry["options"] = dict(_option(text.strip()) for text in cells["options"].split("|"))
    if cells["heading"]:
        entry["heading"] = cells["heading"]
    if cells["largest"]:
        try:
            entry["maximum"] = float(cells["largest"])
        except ValueError as fault:
            raise FaultyForm(f"largest: “{cells['largest']}” is no number") from fault
    return entry | _required(cells["required"])


def _required(text: str) -> dict[str, Any]:
    if text in ("", "no"):
        return {}
    if text == "yes":
        return {"required": True}
    found = _CONDITION.match(text)
    if found is None:
        raise FaultyForm(f"required: write “yes”, “no” or “when a_question = an_answer”, not “{text}”")
    return {"required_when": {"field": found[1], "values": _values(found[2])}}


def _option(text: str) -> tuple[str, str]:
    code, equals, words = (part.strip() for part in text.partition("="))
    if not equals or not words or not _NAME.match(code):
        raise FaultyForm(f"options: write each as “a_name = its words”, with | between them, not “{text}”")
    return code, words


def _values(text: str) -> list[str]:
    return [value.strip() for value in text.split("|") if value.strip()]


def _when_entry(text: str) -> Any:
    if text in set(Circumstance):
        return text
    found = _WHEN.match(text)
    if found is None:
        raise FaultyForm(
            f"shown or hidden when: “{text}” is none of {', '.join(Circumstance)}, nor “section.question = answer”"
        )
    return {"section": found[1], "field": found[2], "values": _values(found[3])}


def _when_text(when: When) -> str:
    if when.circumstance is not None:
        return when.circumstance.value
    return f"{when.section}.{when.field} = {' | '.join(when.values)}"


def _field_cells(field: Field) -> list[str]:
    required = "yes" if field.required else ""
    if field.required_when is not None:
        required = f"when {field.required_when.field} = {' | '.join(field.required_when.values)}"
    return [
        field.key,
        field.label,
        field.type.value,
        field.hint,
        " | ".join(f"{code} = {words}" for code, words in field.options),
        required,
        field.heading.value if field.heading is not None else "",
        f"{field.maximum:g}" if field.maximum is not None else "",
    ]
