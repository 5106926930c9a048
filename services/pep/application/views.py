"""The child's views: given by the child, or recorded for them by somebody who says how they were gathered."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from services.pep.adapters import plans_store, targets_store
from services.pep.adapters.plans_store import KeptVersion
from services.pep.application.history import record, who_acts
from services.pep.application.placement import refuse_what_gives_it_away
from services.pep.application.plans import load_permitted
from services.pep.domain.forms import VIEWS
from services.pep.domain.plan import Plan, PlanState
from services.pep.domain.targets import Target
from services.pep.domain.views import KEYS, WAYS_GATHERED, ChildViews
from shared.contracts.roles import Role
from shared.kernel.errors import Conflict, InvalidInput, Stale
from shared.platform import roster
from shared.platform.access import may, permit
from shared.platform.work import Work

LONGEST = 5000
READERS = (
    Role.SOCIAL_WORKER,
    Role.TEAM_MANAGER,
    Role.IRO,
    Role.DESIGNATED_TEACHER,
    Role.DELEGATE,
    Role.VIRTUAL_SCHOOL_CASEWORKER,
    Role.ADVOCATE,
)
"""Whom the child is told will read this; a test compares it with the table of permissions."""


@dataclass(frozen=True, slots=True)
class ViewsPage:
    """The child's views with who will read them and every earlier version; `targets` are for the child alone."""

    plan: Plan
    child_name: str
    short_name: str
    views: ChildViews
    as_the_child: bool
    may_write: bool
    readers: tuple[tuple[str, str], ...]
    targets: tuple[Target, ...]
    versions: tuple[KeptVersion, ...]


def read_views(work: Work, plan_id: str) -> ViewsPage:
    """Return the child's views of a plan; raises `NotFound` or `Denied`."""
    plan = load_permitted(work, plan_id, "pep.views.read", VIEWS)
    stored = targets_store.views_of(work.connection, [plan.id]).get(plan.id)
    name, short_name = plans_store.child_names(work.connection, [plan.child_id])[plan.child_id]
    as_the_child = may(work, "pep.views.give", plan.child_id, plan_id=plan.id)
    sees_targets = may(work, "pep.own_targets.read", plan.child_id, plan_id=plan.id)
    team = roster.team(work.connection, plan.child_id, work.today)
    return ViewsPage(
        plan=plan,
        child_name=name,
        short_name=short_name,
        views=stored or ChildViews(plan.id, plan.child_id, {}),
        as_the_child=as_the_child,
        may_write=as_the_child or may(work, "pep.views.record", plan.child_id, plan_id=plan.id),
        readers=tuple((member.name, member.role.title) for member in team if _reads(member)),
        targets=targets_store.targets_of(work.connection, [plan.id])[plan.id] if sees_targets else (),
        versions=tuple(plans_store.kept_versions(work.connection, plan.id, "views")),
    )


def save_views(work: Work, plan_id: str, answers: Mapping[str, str], seen_version: int, how: str = "") -> ChildViews:
    """Save the child's views; nobody but the child need say `how` they were gathered, a code of `WAYS_GATHERED`.

    Raises `InvalidInput`, `Conflict` for a superseded plan, `Stale` with `yours`, `theirs`, `version` and `saved_by`.
    """
    plan = load_permitted(work, plan_id, "pep.views.read", VIEWS)
    as_the_child = may(work, "pep.views.give", plan.child_id, plan_id=plan.id)
    permit(work, "pep.views.give" if as_the_child else "pep.views.record", plan.child_id, plan_id=plan.id)
    if plan.state is PlanState.SUPERSEDED:
        raise Conflict("plan_superseded", "There is a newer plan. Say what you think there.")
    said = _check(answers, how, as_the_child)
    refuse_what_gives_it_away(work, plan.child_id, said)
    person_id, name, role = who_acts(work, plan.child_id)
    before = targets_store.views_of(work.connection, [plan.id]).get(plan.id)
    views = ChildViews(
        plan_id=plan.id,
        child_id=plan.child_id,
        answers=said,
        gathered_by="" if as_the_child else person_id,
        gathered_by_name="" if as_the_child else name,
        how="" if as_the_child else how,
        saved_at=work.now,
        version=seen_version + 1,
    )
    if before is not None and before.answers == said and before.gathered_by == views.gathered_by:
        return before
    if (before.version if before else 0) != seen_version or not targets_store.save_views(work.connection, views):
        raise _stale(said, targets_store.views_of(work.connection, [plan.id]).get(plan.id))
    body: dict[str, str] = {**said, "how": views.how}
    kept = KeptVersion("views", views.version, body, person_id, name, role, work.now)
    plans_store.keep_version(work.connection, plan.id, kept)
    if as_the_child:
        record(work, plan.child_id, plan.id, "views_given")
    else:
        record(work, plan.child_id, plan.id, "views_recorded", how=WAYS_GATHERED[how].lower())
    return views


def _reads(member: roster.Membership) -> bool:
    return member.role in READERS and (not member.parts or VIEWS in member.parts)


def _check(answers: Mapping[str, str], how: str, as_the_child: bool) -> dict[str, str]:
    errors = {key: ["There is no such question."] for key in answers if key not in KEYS}
    said = {key: answers.get(key, "").replace("\r\n", "\n").strip() for key in KEYS}
    for key, text in said.items():
        if len(text) > LONGEST or "\x00" in text:
            errors[key] = [f"Use {LONGEST:,} letters or fewer."]
    if not any(said.values()):
        errors[KEYS[0]] = ["Write something in at least one of the boxes."]
    if not as_the_child and how not in WAYS_GATHERED:
        errors["how"] = ["Choose how you found out what the child thinks."]
    if errors:
        raise InvalidInput(errors)
    return said


def _stale(yours: Mapping[str, str], theirs: ChildViews | None) -> Stale:
    return Stale(
        "views_changed",
        "Somebody else saved this while you were writing. Both texts are shown; nothing is lost.",
        yours=dict(yours),
        theirs=dict(theirs.answers) if theirs else {},
        version=theirs.version if theirs else 0,
        saved_by=(theirs.gathered_by_name or "the child") if theirs else "",
    )
