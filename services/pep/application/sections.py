"""Reading and saving one section of a plan."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from services.pep.adapters import forms_store, plans_store
from services.pep.adapters.plans_store import KeptVersion, SavedSection
from services.pep.application.history import record, who_acts
from services.pep.application.placement import refuse_what_gives_it_away
from services.pep.application.plan_page import EDIT_ACTION
from services.pep.application.plans import load_permitted
from services.pep.domain.form_reading import read_answers
from services.pep.domain.forms import Missing, Section, Value, carried_over, missing_in
from services.pep.domain.plan import Plan, check_edit
from shared.kernel.errors import InvalidInput, NotFound, Stale
from shared.platform.access import may, permit
from shared.platform.work import Work


class NoSuchSection(NotFound):
    """The plan's form has no section of that key."""

    def __init__(self) -> None:
        super().__init__("section_not_found", "This plan has no such section.")


@dataclass(frozen=True, slots=True)
class SectionPage:
    """A section with its answers and every earlier version."""

    plan: Plan
    child_name: str
    short_name: str
    section: Section
    answers: Mapping[str, Value]
    version: int
    saved_by_name: str
    saved_at: datetime | None
    missing: tuple[Missing, ...]
    suggested: Mapping[str, Value]
    suggested_from: str
    versions: tuple[KeptVersion, ...]
    may_edit: bool


def read_section(work: Work, plan_id: str, key: str) -> SectionPage:
    """Return a section; raises `NotFound` or `Denied`.

    While it was never saved, `suggested` holds what the child's former plan said, and `suggested_from` its term.
    """
    plan = load_permitted(work, plan_id, "pep.plan.read")
    section = section_of(work, plan, key)
    permit(work, "pep.plan.read", plan.child_id, field=key)
    saved = plans_store.load_section(work.connection, plan.id, key)
    answers = saved.answers if saved else {}
    may_edit = may(work, EDIT_ACTION[section.owner], plan.child_id, field=key)
    suggested, suggested_from = _former(work, plan, key) if saved is None and may_edit else ({}, "")
    name, short_name = plans_store.child_names(work.connection, [plan.child_id])[plan.child_id]
    return SectionPage(
        plan=plan,
        child_name=name,
        short_name=short_name,
        section=section,
        answers=answers,
        version=saved.version if saved else 0,
        saved_by_name=saved.saved_by_name if saved else "",
        saved_at=saved.saved_at if saved else None,
        missing=tuple(missing_in(section, answers)),
        suggested=suggested,
        suggested_from=suggested_from,
        versions=tuple(plans_store.kept_versions(work.connection, plan.id, f"section/{key}")),
        may_edit=may_edit,
    )


def section_of(work: Work, plan: Plan, key: str) -> Section:
    """Return the section of the plan's form; raises `NotFound`."""
    section = forms_store.find_form(work.connection, plan.phase, plan.form_version).section(key)
    if section is None:
        raise NoSuchSection
    return section


def save_section(
    work: Work, plan_id: str, key: str, raw: Mapping[str, Any], seen_version: int, reason: str = ""
) -> SavedSection:
    """Save a section as the actor typed it; a draft may have gaps.

    `seen_version` is the version that was on the page (0 before the first save). After approval a `reason` is needed
    and the change is kept as an amendment. Raises `InvalidInput` by field, `Conflict` for a superseded plan, `Stale`
    with `yours`, `theirs`, `version` and `saved_by` when somebody else saved in the meantime. Saving the same answers
    again changes nothing.
    """
    plan = plans_store.load_plan(work.connection, plan_id)
    section = forms_store.find_form(work.connection, plan.phase, plan.form_version).section(key)
    if section is None:
        permit(work, "pep.plan.read", plan.child_id, plan_id=plan.id)
        raise NoSuchSection
    permit(work, EDIT_ACTION[section.owner], plan.child_id, field=key, plan_id=plan.id)
    values, errors = read_answers(section, raw)
    if errors:
        raise InvalidInput(errors)
    before = plans_store.load_section(work.connection, plan.id, key)
    if before is not None and before.answers == values:
        return before
    if (before.version if before else 0) != seen_version:
        raise _stale(values, before)
    refuse_what_gives_it_away(work, plan.child_id, {**values, "reason": reason})
    amends = check_edit(plan, section, values, reason)
    person_id, name, role = who_acts(work, plan.child_id)
    saved = SavedSection(plan.id, key, values, person_id, name, work.now, seen_version + 1)
    if not plans_store.save_section(work.connection, saved):
        raise _stale(values, plans_store.load_section(work.connection, plan.id, key))
    plans_store.keep_version(
        work.connection,
        plan.id,
        KeptVersion(f"section/{key}", saved.version, values, person_id, name, role, work.now, reason.strip()),
    )
    if amends:
        record(work, plan.child_id, plan.id, "section_amended", section=section.title, reason=reason.strip())
    else:
        record(work, plan.child_id, plan.id, "section_saved", section=section.title)
    return saved


def _former(work: Work, plan: Plan, key: str) -> tuple[Mapping[str, Value], str]:
    """Return what the child's plan before this one said in a section, where the form still asks it, and its term."""
    form = forms_store.find_form(work.connection, plan.phase, plan.form_version)
    earlier = [one for one in plans_store.plans_of(work.connection, plan.child_id) if one.due_on < plan.due_on]
    for former in earlier:
        saved = plans_store.load_section(work.connection, former.id, key)
        if saved is not None:
            return carried_over(form, {key: saved.answers}).get(key, {}), former.term_words
    return {}, ""


def _stale(yours: Mapping[str, Value], theirs: SavedSection | None) -> Stale:
    return Stale(
        "section_changed",
        "Somebody else saved this section while you were writing. Both texts are shown; nothing is lost.",
        yours=dict(yours),
        theirs=dict(theirs.answers) if theirs else {},
        version=theirs.version if theirs else 0,
        saved_by=theirs.saved_by_name if theirs else "",
    )
