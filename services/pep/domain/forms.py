"""The plan's form as data: which sections a plan of a phase has, whose they are and what must be answered.

Forms are JSON files under `services/pep/forms/<version>/`: `shared.json` holds the sections that phases share and
`<phase>.json` lists a phase's sections in order, each either the key of a shared one or written out. An authority's own
form is a table of the same content (`form_sheet`). A plan keeps the version it was made with, so that a later form
never changes an earlier plan. A form holds the sections of every variant; which of them a plan has follows from what
applies to the child (`applying`).
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Any, TypeAlias

from services.pep.domain.circumstances import Circumstance
from shared.contracts.roles import Role


class Heading(StrEnum):
    """What a personal education plan must contain: SI 2010/959 Schedule 1, paragraph 2, sub-paragraphs (1) to (5)."""

    HISTORY = "history"
    ARRANGEMENTS = "arrangements"
    PLANNED_CHANGES = "planned_changes"
    LEISURE = "leisure"
    CARER_ROLE = "carer_role"

    @property
    def words(self) -> str:
        """Return the heading as a page shows it."""
        return HEADING_WORDS[self]

    @property
    def citation(self) -> str:
        """Return the sub-paragraph the heading stands for."""
        return f"Schedule 1, paragraph 2({list(Heading).index(self) + 1})"


HEADING_WORDS = {
    Heading.HISTORY: "Educational and training history",
    Heading.ARRANGEMENTS: "Existing arrangements for education and training",
    Heading.PLANNED_CHANGES: "Planned changes, and how disruption is kept small",
    Heading.LEISURE: "Leisure interests",
    Heading.CARER_ROLE: "The part that carers and parents play",
}


class FieldType(StrEnum):
    """How a field is asked and kept."""

    TEXT = "text"
    TEXTAREA = "textarea"
    CHOICE = "choice"
    YES_NO = "yes_no"
    DATE = "date"
    NUMBER = "number"
    MONEY = "money"


Value: TypeAlias = str | int | float | bool | None


@dataclass(frozen=True, slots=True)
class Condition:
    """A field is required when another field of its section has one of these values (`yes`/`no` for yes_no)."""

    field: str
    values: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Field:
    """One question. `required` and `required_when` say when it must be answered before the plan is submitted."""

    key: str
    label: str
    type: FieldType
    hint: str = ""
    options: tuple[tuple[str, str], ...] = ()
    required: bool = False
    required_when: Condition | None = None
    heading: Heading | None = None
    maximum: float | None = None

    def is_required(self, values: Mapping[str, Value]) -> bool:
        """Tell whether the field must be answered, given the section's other answers."""
        if self.required or self.required_when is None:
            return self.required
        return as_code(values.get(self.required_when.field)) in self.required_when.values


TARGETS, VIEWS = "targets", "views"
"""The parts of a plan beside its sections, as they are delegated; a section's part is its key."""


@dataclass(frozen=True, slots=True)
class When:
    """Something that applies: a circumstance, or one of `values` as the answer to a question of another section."""

    circumstance: Circumstance | None = None
    section: str = ""
    field: str = ""
    values: tuple[str, ...] = ()

    def applies(self, circumstances: Collection[str], answers: Answers) -> bool:
        """Tell whether it does."""
        if self.circumstance is not None:
            return self.circumstance in circumstances
        return as_code(answers.get(self.section, {}).get(self.field)) in self.values


@dataclass(frozen=True, slots=True)
class Section:
    """Questions that one role answers.

    It is asked when any of `shown_when` applies (always, where there is none) and none of `hidden_when` does.
    """

    key: str
    title: str
    owner: Role
    fields: tuple[Field, ...]
    intro: str = ""
    shown_when: tuple[When, ...] = ()
    hidden_when: tuple[When, ...] = ()

    def is_asked(self, circumstances: Collection[str], answers: Answers) -> bool:
        """Tell whether a plan has the section."""
        shown = not self.shown_when or any(one.applies(circumstances, answers) for one in self.shown_when)
        return shown and not any(one.applies(circumstances, answers) for one in self.hidden_when)

    def field(self, key: str) -> Field | None:
        """Return the field of that key, if the section has it."""
        return next((one for one in self.fields if one.key == key), None)

    @property
    def is_optional(self) -> bool:
        """Tell whether nothing in the section is ever required."""
        return not any(one.required or one.required_when for one in self.fields)


@dataclass(frozen=True, slots=True)
class Form:
    """The form of one phase in one version."""

    phase: str
    version: str
    title: str
    sections: tuple[Section, ...]
    _by_key: Mapping[str, Section] = field(init=False, repr=False, compare=False, default_factory=dict)
    _depends: bool = field(init=False, repr=False, compare=False, default=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_by_key", {section.key: section for section in self.sections})
        object.__setattr__(self, "_depends", any(one.shown_when or one.hidden_when for one in self.sections))

    def section(self, key: str) -> Section | None:
        """Return the section of that key, if the form has it."""
        return self._by_key.get(key)

    def applying(self, circumstances: Collection[str], answers: Answers) -> Form:
        """Return the form with the sections that a plan has in these circumstances; what others hold stays as it is."""
        if not self._depends:
            return self
        asked = tuple(one for one in self.sections if one.is_asked(circumstances, answers))
        return self if len(asked) == len(self.sections) else replace(self, sections=asked)


Answers: TypeAlias = Mapping[str, Mapping[str, Value]]
"""Section key → field key → value."""


@dataclass(frozen=True, slots=True)
class Missing:
    """A required question without an answer, whose it is, and the statutory heading it leaves open."""

    section: Section
    field: Field
    owner: Role
    heading: Heading | None


def is_answered(value: Value) -> bool:
    """Tell whether a value answers its question; `no` and 0 do, blanks do not."""
    return bool(value.strip()) if isinstance(value, str) else value is not None


def as_code(value: Value) -> str:
    """Return a value as conditions name it: `yes`, `no` or the text."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    return "" if value is None else str(value)


def missing_in(section: Section, values: Mapping[str, Value]) -> list[Missing]:
    """List the required questions of one section that have no answer, in the form's order."""
    return [
        Missing(section, one, section.owner, one.heading)
        for one in section.fields
        if one.is_required(values) and not is_answered(values.get(one.key))
    ]


def missing(form: Form, answers: Answers) -> list[Missing]:
    """List every required question without an answer, in the form's order."""
    return [gap for section in form.sections for gap in missing_in(section, answers.get(section.key, {}))]


def headings_answered(form: Form, answers: Answers) -> frozenset[Heading]:
    """Return the headings of Schedule 1 paragraph 2 that are answered (SI 2010/959 regulation 5(b)(ii)).

    A heading counts when each required field that carries it is answered.
    """
    open_headings = {gap.heading for gap in missing(form, answers)}
    return frozenset(heading for heading in Heading if heading not in open_headings)


def carried_over(form: Form, answers: Answers) -> dict[str, dict[str, Any]]:
    """Return from a former plan's answers those that this form asks too, section by section."""
    kept: dict[str, dict[str, Any]] = {}
    for section in form.sections:
        former = answers.get(section.key, {})
        values = {one.key: former[one.key] for one in section.fields if is_answered(former.get(one.key))}
        if values:
            kept[section.key] = values
    return kept
