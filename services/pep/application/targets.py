"""Setting, changing, taking out and reviewing targets."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date

from services.pep.adapters import plans_store, targets_store
from services.pep.adapters.plans_store import KeptVersion
from services.pep.adapters.targets_store import TargetInPlan
from services.pep.application.history import record, who_acts
from services.pep.application.placement import refuse_what_gives_it_away
from services.pep.application.plans import load_permitted
from services.pep.domain.forms import TARGETS
from services.pep.domain.plan import Plan, check_targets
from services.pep.domain.targets import Category, Outcome, Target
from shared.kernel.errors import InvalidInput, Stale
from shared.kernel.ids import new_id
from shared.platform import roster
from shared.platform.access import may, permit, standing
from shared.platform.work import Work

HIGHEST_COST_PENCE = 10_000_000


@dataclass(frozen=True, slots=True)
class TargetWords:
    """What a person enters for a target; blanks are allowed while the plan is a draft. Cost in pence."""

    category: Category = Category.ACADEMIC
    what: str = ""
    measure: str = ""
    who: str = ""
    by_date: date | None = None
    how_often: str = ""
    cost_pence: int = 0


def read_target(work: Work, target_id: str, action: str = "pep.plan.read") -> TargetInPlan:
    """Return a target with its plan to somebody who may do `action` to the plan; raises `NotFound` or `Denied`."""
    read = targets_store.load_in_plan(work.connection, target_id)
    circle = roster.circle_around(read.plan.authority, read.team, work.today)
    standing(work, read.plan.child_id, circle).permit(action, field=TARGETS)
    return read


def list_targets(work: Work, plan_id: str) -> tuple[Target, ...]:
    """Return a plan's targets in their order; raises `NotFound` or `Denied`."""
    plan = load_permitted(work, plan_id, "pep.plan.read", TARGETS)
    return targets_store.targets_of(work.connection, [plan.id])[plan.id]


def add_target(work: Work, plan_id: str, words: TargetWords) -> Target:
    """Add a target to a plan; raises `InvalidInput`, or `Conflict` where the plan's state does not allow it."""
    plan = load_permitted(work, plan_id, "pep.plan.edit_targets", TARGETS)
    _check(words)
    refuse_what_gives_it_away(work, plan.child_id, _texts(words))
    target = _with(Target(new_id(), plan.id, plan.child_id, words.category), words)
    present = targets_store.targets_of(work.connection, [plan.id])[plan.id]
    check_targets(plan, (*present, target))
    target = targets_store.add_target(work.connection, target)
    _keep(work, target, target.version)
    record(work, plan.child_id, plan.id, "target_added", what=_short(target))
    return target


def change_target(work: Work, read: TargetInPlan, words: TargetWords, seen_version: int) -> Target:
    """Change a target; raises `InvalidInput`, `Conflict`, or `Stale` with `yours`, `theirs` and `version`."""
    plan, target = _to_edit(work, read)
    _check(words)
    refuse_what_gives_it_away(work, plan.child_id, _texts(words), read.watch)
    changed = _with(target, words)
    if changed == target:
        return target
    if target.version != seen_version:
        raise _stale(changed, target)
    _check_whole(work, plan, changed)
    return _save(work, plan, changed, "target_changed", what=_short(changed))


def remove_target(work: Work, read: TargetInPlan, seen_version: int) -> None:
    """Take a target out of its plan; what it said is kept. Raises `Conflict` or `Stale`."""
    plan, target = _to_edit(work, read)
    if target.version != seen_version:
        raise _stale(target, target)
    present = targets_store.targets_of(work.connection, [plan.id])[plan.id]
    check_targets(plan, tuple(one for one in present if one.id != target.id))
    _save(work, plan, target, "target_removed", removed=True, what=_short(target))


def review_target(work: Work, read: TargetInPlan, outcome: Outcome, why: str, seen_version: int) -> Target:
    """Say what became of a target, and why; raises `InvalidInput` without a reason, `Stale`."""
    plan, target = _to_edit(work, read)
    if not why.strip():
        raise InvalidInput({"outcome_why": ["Say what happened, in a sentence."]})
    refuse_what_gives_it_away(work, plan.child_id, {"outcome_why": why}, read.watch)
    reviewed = replace(target, outcome=outcome, outcome_why=why.strip(), reviewed_on=work.today)
    if replace(reviewed, reviewed_on=target.reviewed_on) == target:
        return target
    if target.version != seen_version:
        raise _stale(reviewed, target)
    return _save(work, plan, reviewed, "target_reviewed", what=_short(target), outcome=outcome.words.lower())


def targets_to_review(work: Work, plan: Plan) -> tuple[Plan | None, tuple[Target, ...]]:
    """Return the plan before this one and its targets, which the meeting reviews; the actor may read the child."""
    permit(work, "pep.plan.read", plan.child_id)
    if not may(work, "pep.plan.read", plan.child_id, field=TARGETS):
        return None, ()
    plans = plans_store.plans_of(work.connection, plan.child_id)
    former = next((one for one in plans if one.due_on < plan.due_on), None)
    if former is None:
        return None, ()
    return former, targets_store.targets_of(work.connection, [former.id])[former.id]


def _to_edit(work: Work, read: TargetInPlan) -> tuple[Plan, Target]:
    permit(work, "pep.plan.edit_targets", read.plan.child_id, field=TARGETS)
    return read.plan, read.target


def _save(work: Work, plan: Plan, target: Target, code: str, *, removed: bool = False, **facts: str) -> Target:
    saved = targets_store.save_target(work.connection, target, removed=removed)
    if saved is None:
        raise _stale(target, targets_store.load_target(work.connection, target.id))
    _keep(work, saved, saved.version)
    record(work, plan.child_id, plan.id, code, **facts)
    return saved


def _check(words: TargetWords) -> None:
    errors: dict[str, list[str]] = {}
    if not words.what.strip():
        errors["what"] = ["Say what the child will achieve."]
    for name in ("who", "how_often"):
        if len(getattr(words, name)) > 200:
            errors[name] = ["Use 200 characters or fewer."]
    if not 0 <= words.cost_pence <= HIGHEST_COST_PENCE:
        errors["cost_pence"] = ["Enter an amount from £0 to £100,000."]
    if errors:
        raise InvalidInput(errors)


def _texts(words: TargetWords) -> dict[str, str]:
    return {name: getattr(words, name) for name in ("what", "measure", "who", "how_often")}


def _check_whole(work: Work, plan: Plan, changed: Target) -> None:
    present = targets_store.targets_of(work.connection, [plan.id])[plan.id]
    check_targets(plan, tuple(changed if one.id == changed.id else one for one in present))


def _with(target: Target, words: TargetWords) -> Target:
    return replace(
        target,
        category=words.category,
        what=words.what.strip(),
        measure=words.measure.strip(),
        who=words.who.strip(),
        by_date=words.by_date,
        how_often=words.how_often.strip(),
        cost_pence=words.cost_pence,
    )


def _keep(work: Work, target: Target, version: int) -> None:
    person_id, name, role = who_acts(work, target.child_id)
    kept = KeptVersion(f"target/{target.id}", version, _body(target), person_id, name, role, work.now)
    plans_store.keep_version(work.connection, target.plan_id, kept)


def _body(target: Target) -> dict[str, str | int | None]:
    return {
        "category": target.category.value,
        "what": target.what,
        "measure": target.measure,
        "who": target.who,
        "by_date": target.by_date.isoformat() if target.by_date else None,
        "how_often": target.how_often,
        "cost_pence": target.cost_pence,
        "outcome": target.outcome.value if target.outcome else None,
        "outcome_why": target.outcome_why,
    }


def _short(target: Target) -> str:
    return target.what if len(target.what) <= 80 else f"{target.what[:77]}…"


def _stale(yours: Target, theirs: Target) -> Stale:
    return Stale(
        "target_changed",
        "Somebody else changed this target in the meantime. Both texts are shown; nothing is lost.",
        yours=_body(yours),
        theirs=_body(theirs),
        version=theirs.version,
    )
