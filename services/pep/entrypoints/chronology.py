"""All that pep has of a child, for a copy of the record: who they are, the plans in every version, the care plan."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from typing import Any

from services.pep.adapters import (
    care_plan_store,
    children_store,
    emergencies_store,
    forms_store,
    history_store,
    links_store,
    parents_store,
    placement_store,
    plans_store,
    retention_store,
    schools_store,
)
from services.pep.adapters.plans_store import KeptVersion
from services.pep.domain.care_plan import in_words
from services.pep.domain.children import LEGAL_STATUSES, SEXES, Child
from services.pep.domain.circumstances import Circumstance
from services.pep.domain.forms import Form
from services.pep.domain.parents import STANDING_WORDS
from services.pep.domain.periods import long_date
from services.pep.domain.plan import Plan, term_words
from services.pep.domain.targets import Category, Outcome
from services.pep.domain.views import QUESTIONS, WAYS_GATHERED
from services.pep.entrypoints.concern_words import story_of, what_happened
from services.pep.entrypoints.review_chronology import reviews_and_visits
from shared.kernel.clock import london_date
from shared.platform import copies, roster
from shared.platform.chronology import Entry, Part, entry
from shared.platform.work import Work


def chronology(work: Work, child_id: str) -> list[Entry]:
    """Return everything that pep has of a child; the caller has asked the access policy."""
    child = children_store.load(work.connection, child_id)
    return [
        *_who_they_are(work, child),
        *_homes(work, child_id),
        *_team(work, child_id),
        *_plans(work, child_id),
        *_links(work, child_id),
        *_care_plan(work, child_id),
        *reviews_and_visits(work, child_id),
        *_parents(work, child_id),
        *_emergencies(work, child_id),
        *_keeping(work, child_id),
        *_steps(work, child_id),
    ]


def _who_they_are(work: Work, child: Child) -> Iterator[Entry]:
    school = schools_store.find_many(work.connection, {child.school_urn}) if child.school_urn else {}
    yield entry(
        "child",
        child.entered_care_on,
        "Became looked after; what is recorded now",
        "child",
        full_name=child.name,
        likes_to_be_called=child.known_as,
        date_of_birth=long_date(child.born_on),
        sex=SEXES.get(child.sex, child.sex) if child.sex else "",
        unique_pupil_number=child.upn,
        reference=child.reference,
        legal_status=LEGAL_STATUSES.get(child.legal_status, child.legal_status),
        first_placement_started=long_date(child.placement_started_on),
        school=", ".join(one.name for one in school.values()),
        at_the_school_since=_day(child.school_since),
        without_a_school_since=_day(child.no_school_since),
        year_group=child.year_group,
        left_care=_day(child.left_care_on),
        died=_day(child.died_on),
    )
    for held_on in child.reviews_held:
        yield entry(f"review/{held_on}", held_on, "Review of the care plan", "review_held", held=long_date(held_on))


def _homes(work: Work, child_id: str) -> Iterator[Entry]:
    for home in placement_store.of_child(work.connection, child_id):
        yield entry(
            f"home/{home.id}",
            home.since,
            "A home",
            "placement",
            address=f"{home.address}\n{home.postcode}",
            carer=home.carer_name,
            telephone=home.carer_phone,
            recorded_by=home.recorded_by_name,
        )


def _emergencies(work: Work, child_id: str) -> Iterator[Entry]:
    for account in emergencies_store.of_child(work.connection, child_id):
        yield entry(
            f"emergency/{account.opening.id}/{'reviewed' if account.outcome else 'waiting'}",
            london_date(account.opening.opened_at),
            "The record was opened in an emergency",
            "emergency_account",
            who=account.person_name,
            why=account.opening.reason.words,
            what_happened=account.happened,
            review=account.outcome.words if account.outcome else "",
            remarks=account.remarks,
            reviewed_by=account.reviewed_by_name,
        )


def _team(work: Work, child_id: str) -> Iterator[Entry]:
    for member in roster.whole_team(work.connection, child_id):
        yield entry(
            f"place/{member.id}",
            member.from_date,
            "A place on the team",
            "membership",
            who=", ".join(filter(None, (member.name, member.role.title, member.organisation))),
            email=member.email,
            until=_day(member.until),
        )


def _plans(work: Work, child_id: str) -> Iterator[Entry]:
    plans = plans_store.plans_of(work.connection, child_id)
    kept = plans_store.every_kept_version(work.connection, [plan.id for plan in plans])
    for plan in plans:
        yield entry(
            f"plan/{plan.id}",
            plan.opened_on,
            f"Plan: {plan.kind.words.lower()}, {plan.term_words}",
            "plan",
            meeting_by=long_date(plan.meet_by),
            complete_by=long_date(plan.due_on),
            state=plan.state.words,
            meeting_held=_day(plan.held_on),
            no_meeting_because=plan.no_meeting_reason,
            submitted=_day(plan.submitted_on),
            approved=_day(plan.approved_on),
            rating=plan.rating,
            what_to_mend=", ".join(plan.decision_codes),
            what_applies=", ".join(Circumstance(one).words for one in plan.circumstances),
        )
        form = forms_store.find_form(work.connection, plan.phase, plan.form_version)
        for version in kept[plan.id]:
            yield _version(plan, form, version)


def _links(work: Work, child_id: str) -> Iterator[Entry]:
    for link, written in links_store.of_child(work.connection, child_id):
        yield entry(
            f"link/{link.id}/{link.uses}",
            london_date(link.sent_at),
            f"A personal link was sent: {link.purpose.words[:1].lower()}{link.purpose.words[1:]}",
            "personal_link",
            to=", ".join(filter(None, (link.name, link.capacity, link.email))),
            sent_by=link.sent_by_name,
            opened=f"{link.uses} times" if link.uses > 1 else "once" if link.uses else "",
            last_opened=_day(london_date(link.used_at)) if link.used_at else "",
            taken_back=_day(london_date(link.taken_back_at)) if link.taken_back_at else "",
        )
        if written is not None:
            yield entry(
                f"contribution/{link.id}/{written.version}",
                london_date(written.saved_at),
                "Written for a plan by somebody from outside the team",
                "contribution",
                who=", ".join(filter(None, (written.name, written.capacity))),
                text=written.text,
            )


def _version(plan: Plan, form: Form, version: KeptVersion) -> Entry:
    what, _, of = version.part.partition("/")
    kind, parts = {"section": _section, "target": _target, "views": _views}[what](form, of, version.body)
    told = [Part("written_by", "Written by", ", ".join(filter(None, (version.saved_by_name, version.acting_as))))]
    if version.reason:
        told.append(Part("changed_because", "Why it was changed", version.reason))
    return Entry(
        f"plan/{plan.id}/{version.part}/{version.version}",
        london_date(version.saved_at),
        f"{kind}, version {version.version} ({plan.term_words})",
        "kept_version",
        (*(part for part in told if part.text), *parts),
    )


def _section(form: Form, key: str, body: Mapping[str, Any]) -> tuple[str, list[Part]]:
    section = form.section(key)
    if section is None:
        return f"Section “{key}”", _plain(body)
    parts = [
        Part(field.key, field.label, in_words(field.type, body[field.key], field.options))
        for field in section.fields
        if body.get(field.key) not in (None, "")
    ]
    return f"“{section.title}”", parts


def _target(_form: Form, _id: str, body: Mapping[str, Any]) -> tuple[str, list[Part]]:
    by_date, outcome, cost = body.get("by_date"), body.get("outcome"), body.get("cost_pence")
    told = {
        **{name: body.get(name) for name in ("what", "measure", "who", "how_often")},
        "category": Category(body["category"]).words if body.get("category") in set(Category) else "",
        "by": _day(date.fromisoformat(by_date)) if by_date else "",
        "cost": f"£{int(cost) / 100:,.2f}" if cost else "",
        "outcome": Outcome(outcome).words if outcome in set(Outcome) else "",
        "outcome_why": body.get("outcome_why"),
    }
    return "A target", _plain(told)


def _views(_form: Form, _id: str, body: Mapping[str, Any]) -> tuple[str, list[Part]]:
    parts = [Part(key, question, str(body[key])) for key, question, _ in QUESTIONS if str(body.get(key) or "").strip()]
    how = WAYS_GATHERED.get(str(body.get("how") or ""), "")
    return "The child’s own views", parts + ([Part("how", "How", how)] if how else [])


def _care_plan(work: Work, child_id: str) -> Iterator[Entry]:
    for part in care_plan_store.education_parts_of(work.connection, child_id):
        agreed = [
            Part(f"agreed-{number}", one.label, one.text) for number, one in enumerate(part.agreed, 1) if one.text
        ]
        targets = [
            Part(f"target-{number}", "Target", f"{one.what}\n{one.who}, {one.how_often}, by {_day(one.by_date)}")
            for number, one in enumerate(part.targets, 1)
        ]
        yield Entry(
            f"care-plan/{part.id}",
            part.approved_on,
            f"Education part of the care plan, {term_words(part.term)}",
            "care_plan_education",
            (Part("rating", "Rating", part.rating), *agreed, *targets),
        )
    for concern in care_plan_store.concerns_of(work.connection, child_id):
        yield entry(
            f"concern/{concern.id}/{concern.version}",
            concern.raised_on,
            f"Concern: {concern.title}",
            "care_plan_concern",
            what_happened=what_happened(concern),
            answer=story_of(concern),
            answered_by=concern.answered_by_name,
            answered=_day(concern.answered_on),
            done=_day(concern.done_on),
            closed=_day(concern.closed_on),
            outcome=concern.outcome,
        )


def _parents(work: Work, child_id: str) -> Iterator[Entry]:
    decisions = parents_store.of_children(work.connection, [child_id])
    people = roster.people_by_id(work.connection, {one.person_id for one in decisions})
    for one in decisions:
        yield entry(
            f"parent/{one.id}/{one.state}",
            london_date(one.decided_at),
            "What a parent is told was decided",
            "parent_decision",
            parent=people[one.person_id].name if one.person_id in people else "A parent",
            decision=STANDING_WORDS[one.matter, one.standing],
            until=_day(one.until),
            ground=one.ground.words,
            order_or_file=one.reference,
            decided_by=one.decided_by_name,
            second_person=f"{one.second_name} ({one.state.value})" if one.second_name else one.state.value,
        )


def _keeping(work: Work, child_id: str) -> Iterator[Entry]:
    for hold in retention_store.holds_of(work.connection, child_id):
        yield entry(
            f"hold/{hold.id}/{'stands' if hold.stands else 'lifted'}",
            london_date(hold.placed_at),
            "Put under a legal hold",
            "legal_hold",
            why=hold.reason,
            who=hold.placed_by_name,
            lifted=_day(london_date(hold.lifted_at)) if hold.lifted_at else "",
            lifted_by=hold.lifted_by_name,
            why_it_was_lifted=hold.lifted_why,
        )
    for release in copies.releases_of(work.connection, child_id):
        yield entry(
            f"release/{release.id}",
            london_date(release.released_at),
            "A copy of this part of the record was released",
            copies.RELEASE.name,
            to=release.released_to,
            who=release.released_by_name,
        )


def _steps(work: Work, child_id: str) -> Iterable[Entry]:
    steps = reversed(history_store.history_of(work.connection, child_id))
    return [
        entry(
            f"step/{number}/{step.code}",
            london_date(step.at),
            "What happened",
            "history",
            what=step.words,
            who=step.who,
        )
        for number, step in enumerate(steps, 1)
    ]


def _plain(body: Mapping[str, Any]) -> list[Part]:
    return [
        Part(str(key), str(key).replace("_", " ").capitalize(), str(value))
        for key, value in body.items()
        if value not in (None, "", [], {})
    ]


def _day(day: date | None) -> str:
    return long_date(day) if day is not None else ""
