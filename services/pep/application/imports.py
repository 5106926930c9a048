"""Importing an SSDA903 return: whom the authority looks after becomes known, or is brought up to date."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from services.pep.adapters import children_store
from services.pep.adapters.ssda903 import Record, read_return
from services.pep.application.children import announce, end_care, tell_details
from services.pep.application.openings import open_plans
from services.pep.application.reviews import open_reviews
from services.pep.domain.children import Child, eighteenth_birthday
from services.pep.domain.imports import ImportReport
from services.pep.domain.terms import phase_of, year_group
from shared.kernel.ids import new_id
from shared.platform.access import permit
from shared.platform.work import Work

NEW = "children new to the suite"
UPDATED = "children brought up to date"
UNCHANGED = "children unchanged"
RETURNED_TO_CARE = "children looked after again"
SHORT_BREAKS = "of these on short breaks (V3, V4), who need no plan"
PLANS = "plans opened"
LEFT = "children who have left care since"
NOT_IN_CARE = "children no longer looked after, left out"
ADULT = "young people aged 18 or over, left out"
NO_EPISODE = "children without an episode, left out"
TOLD = (NEW, UPDATED, UNCHANGED, RETURNED_TO_CARE, SHORT_BREAKS, PLANS, LEFT, NOT_IN_CARE, ADULT, NO_EPISODE)


def import_ssda903(work: Work, folder: Path, progress: Callable[[int, int], None]) -> ImportReport:
    """Import the return in `folder`; children are told apart by the authority's identifier (CHILD).

    Children who are looked after now become known, with a plan opened for each who should have one; those known
    already are brought up to date; those known who have left are recorded as having left. The same return twice
    changes nothing. Names, schools and teams are not in a return and are left as they are. `progress` is told how
    many children of how many are done. Raises `UnreadableFile` where nothing can be imported.
    """
    permit(work, "pep.children.import")
    found = read_return(folder, work.today)
    report = ImportReport(rows=found.rows, problems=list(found.problems))
    report.counts.update(dict.fromkeys(TOLD, 0))
    report.counts[NO_EPISODE] = found.without_episode
    known = children_store.by_reference(work.connection, work.actor.authority)
    new, to_plan, to_review = [], [], []
    for done, record in enumerate(found.records):
        if done % 100 == 0:
            progress(done, len(found.records))
        child = known.get(record.reference)
        after, words = _apply(work, record, child)
        report.counts[words] += 1
        if after is None:
            continue
        if after.in_care and after.on_short_breaks:
            report.counts[SHORT_BREAKS] += 1
        if child is None:
            new.append(after)
        if words != UNCHANGED:
            to_review.append(after)
        if words in (NEW, RETURNED_TO_CARE) or (child and child.on_short_breaks and not after.on_short_breaks):
            to_plan.append(after)
    children_store.add(work.connection, new)
    for child in new:
        announce(work, child)
    report.counts[PLANS] = open_plans(work, to_plan)
    open_reviews(work, to_review)
    progress(len(found.records), len(found.records))
    return report


def _apply(work: Work, record: Record, child: Child | None) -> tuple[Child | None, str]:
    """Return the child as the return has it, saved where it was known, and what became of the record in words."""
    if child is None:
        if record.left_care_on is not None:
            return None, NOT_IN_CARE
        return (None, ADULT) if _is_adult(work, record) else (_new(work, record), NEW)
    if record.left_care_on is not None:
        return _leave(work, record, child)
    if _is_adult(work, record):
        return None, ADULT
    after = _updated(work, record, child)
    if after == child:
        return after, UNCHANGED
    saved = children_store.save(work.connection, after)
    if child.in_care:
        tell_details(work, child, saved)
        return saved, UPDATED
    announce(work, saved)
    return saved, RETURNED_TO_CARE


def _leave(work: Work, record: Record, child: Child) -> tuple[Child | None, str]:
    """Record that a known child has left care, unless this period of care is older than the one known."""
    if not child.in_care or record.left_care_on is None or record.left_care_on < child.entered_care_on:
        return None, NOT_IN_CARE
    return end_care(work, replace(child, left_care_on=record.left_care_on)), LEFT


def _is_adult(work: Work, record: Record) -> bool:
    return eighteenth_birthday(record.born_on) <= work.today


def _new(work: Work, record: Record) -> Child:
    group = year_group(record.born_on, work.today)
    return Child(
        id=new_id(),
        authority=work.actor.authority,
        reference=record.reference,
        born_on=record.born_on,
        legal_status=record.legal_status,
        entered_care_on=record.entered_care_on,
        placement_started_on=record.entered_care_on,
        phase=phase_of(group),
        year_group=group,
        sex=record.sex,
        upn=record.upn,
        reviews_held=record.reviews_held,
    )


def _updated(work: Work, record: Record, child: Child) -> Child:
    """Return a known child with what the return knows better; what it leaves empty is kept.

    A placement date typed by hand is kept while it is possible; reviews are added, never taken away.
    """
    group = year_group(record.born_on, work.today)
    same_period = child.in_care and child.entered_care_on == record.entered_care_on
    reviews = {*record.reviews_held, *(on for on in child.reviews_held if on >= record.entered_care_on)}
    return replace(
        child,
        born_on=record.born_on,
        sex=record.sex or child.sex,
        upn=record.upn or child.upn,
        legal_status=record.legal_status,
        entered_care_on=record.entered_care_on,
        placement_started_on=child.placement_started_on if same_period else record.entered_care_on,
        left_care_on=None,
        reviews_held=tuple(sorted(reviews)),
        phase=phase_of(group),
        year_group=group,
    )
