"""The child's views and the targets."""

from __future__ import annotations

from dataclasses import replace

import pytest

from services.pep.adapters import (
    plans_store,
    tables_plan,  # noqa: F401 - declares the tables
)
from services.pep.adapters.targets_store import TargetInPlan
from services.pep.application import targets, views
from services.pep.domain.targets import Outcome, Target
from shared.contracts.permissions import PERMISSIONS
from shared.contracts.roles import Role
from shared.kernel.errors import Conflict, Denied, InvalidInput, Stale
from shared.platform.work import Work
from tests.pep.plan_world import TODAY, WHOLE, World


def read(work: Work, target: Target) -> TargetInPlan:
    return targets.read_target(work, target.id)


def test_an_approved_plan_keeps_its_last_target(world: World) -> None:
    plan = world.approved()
    with world.looking("dee") as work:
        (target,) = targets.list_targets(work, plan.id)
    with world.acting("dee") as work, pytest.raises(Conflict) as caught:
        targets.remove_target(work, read(work, target), target.version)
    assert caught.value.code == "last_target"


def test_the_child_says_their_views_and_sees_who_reads_them(world: World) -> None:
    plan = world.open()
    with world.acting("kid") as work:
        said = views.save_views(work, plan.id, {"going_well": "Art"}, 0)
    assert said.in_own_words
    with world.looking("kid") as work:
        page = views.read_views(work, plan.id)
    assert page.views.answers["going_well"] == "Art"
    assert ("Sam Osei", "Social worker") in page.readers
    assert all(name not in ("Cal Winter", "Pat Bright") for name, _ in page.readers)


def test_views_recorded_for_the_child_say_who_asked_and_how(world: World) -> None:
    plan = world.open()
    with world.acting("dee") as work, pytest.raises(InvalidInput) as caught:
        views.save_views(work, plan.id, {"going_well": "Art"}, 0)
    assert list(caught.value.errors) == ["how"]
    with world.acting("dee") as work:
        said = views.save_views(work, plan.id, {"going_well": "Art"}, 0, "talked")
    assert (said.gathered_by_name, said.how) == ("Dee Larkin", "talked")
    with world.acting("kid") as work, pytest.raises(Stale) as stale:
        views.save_views(work, plan.id, {"going_well": "Music"}, 0)
    assert stale.value.facts["saved_by"] == "Dee Larkin"


def test_those_named_to_the_child_are_those_who_may_read_their_views() -> None:
    allowed = PERMISSIONS["pep.views.read"].team
    assert set(views.READERS) == allowed - {Role.CHILD, Role.VIRTUAL_SCHOOL_HEAD}


def test_the_carer_does_not_read_the_childs_views(world: World) -> None:
    plan = world.open()
    with world.looking("cal") as work, pytest.raises(Denied):
        views.read_views(work, plan.id)


def test_a_target_is_changed_reviewed_and_taken_out_and_every_wording_is_kept(world: World) -> None:
    plan = world.open()
    with world.acting("dee") as work:
        target = targets.add_target(work, plan.id, targets.TargetWords(what="Read more"))
    with world.acting("dee") as work:
        target = targets.change_target(work, read(work, target), WHOLE, target.version)
    with world.acting("sam") as work, pytest.raises(Stale) as stale:
        targets.change_target(work, read(work, target), replace(WHOLE, what="Write more each day"), 1)
    assert stale.value.facts["theirs"]["what"] == "Read a chapter book alone"  # type: ignore[index]
    with world.acting("dee") as work, pytest.raises(InvalidInput):
        targets.review_target(work, read(work, target), Outcome.MET, " ", target.version)
    with world.acting("dee") as work:
        target = targets.review_target(work, read(work, target), Outcome.PARTLY, "Two of three books", target.version)
        assert target.reviewed_on == TODAY
        targets.remove_target(work, read(work, target), target.version)
    with world.looking("dee") as work:
        assert targets.list_targets(work, plan.id) == ()
        kept = plans_store.kept_versions(work.connection, plan.id, f"target/{target.id}")
    assert [one.body["what"] for one in kept][-1] == "Read more"
    assert len(kept) == 4
