"""The policy function: relationship first, default deny."""

from __future__ import annotations

import pytest

from shared.contracts import permissions
from shared.contracts.parents import Matter, ParentStanding
from shared.contracts.permissions import PERMISSIONS, Permission
from shared.contracts.roles import Role
from shared.platform.access import Actor, Scope, Thing, decide, system_actor


def actor(*kinds: Role, authority: str = "northmoor") -> Actor:
    return Actor("someone", "Someone", frozenset(kinds), "", authority)


def child(*roles: Role, authority: str = "northmoor") -> Thing:
    return Thing("child", "a", authority, frozenset(roles), dict.fromkeys(Matter, ParentStanding.INVITED))


def test_what_is_not_in_the_table_is_denied_even_to_the_suite_itself() -> None:
    assert decide(system_actor("northmoor"), "pep.child.erase_everything", child()).reason == "no_rule"


@pytest.mark.parametrize("action", sorted(PERMISSIONS))
def test_each_row_lets_in_exactly_the_team_roles_it_names(action: str) -> None:
    let_in = {role for role in Role if decide(actor(), action, child(role)).allowed}
    assert let_in == PERMISSIONS[action].team


@pytest.mark.parametrize("action", sorted(PERMISSIONS))
def test_without_a_place_on_the_team_only_the_authority_wide_kinds_get_in(action: str) -> None:
    let_in = {role for role in Role if decide(actor(role), action, child()).allowed}
    assert let_in == PERMISSIONS[action].authority


@pytest.mark.parametrize("action", sorted(PERMISSIONS))
def test_nobody_of_another_authority_gets_in_by_their_kind(action: str) -> None:
    assert not decide(actor(*Role, authority="southmoor"), action, child()).allowed


@pytest.mark.parametrize("action", sorted(PERMISSIONS))
def test_a_place_on_the_team_of_another_authoritys_child_counts_for_nothing(action: str) -> None:
    decision = decide(actor(*Role, authority="southmoor"), action, child(*Role))
    assert (decision.allowed, decision.reason) == (False, "not_on_team")


def test_whoever_two_authorities_have_recorded_is_to_each_who_that_one_recorded() -> None:
    there = Actor("there", "Ada Quill", frozenset({Role.DESIGNATED_TEACHER}), "Oakfield", "southmoor", "900001")
    here = Actor("here", "A. Quill", there.kinds, "Oakfield", "northmoor", "900001", elsewhere=(there,))
    assert here.towards("northmoor") is here
    assert here.towards("southmoor") is there
    assert here.towards("eastmoor") is here
    assert (here.person_ids, here.authorities) == ({"here", "there"}, {"northmoor", "southmoor"})


def test_a_field_may_be_narrower_than_its_record(monkeypatch: pytest.MonkeyPatch) -> None:
    narrow = Permission("See", team=frozenset(Role), fields={"address": frozenset({Role.SOCIAL_WORKER})})
    monkeypatch.setitem(PERMISSIONS, "pep.child.see", narrow)  # type: ignore[arg-type]
    assert decide(actor(), "pep.child.see", child(Role.PARENT), "name").allowed
    assert decide(actor(), "pep.child.see", child(Role.PARENT), "address").reason == "field_sealed"
    assert decide(actor(), "pep.child.see", child(Role.SOCIAL_WORKER), "address").allowed


@pytest.mark.parametrize(
    ("standing", "over", "is_let_in"),
    [
        (None, True, False),
        (ParentStanding.NOT_TOLD, True, False),
        (ParentStanding.TOLD_AFTER, False, False),
        (ParentStanding.TOLD_AFTER, True, True),
        (ParentStanding.INVITED, False, True),
    ],
)
def test_a_parent_gets_in_only_as_far_as_it_was_decided_that_they_are_told(
    standing: ParentStanding | None, over: bool, is_let_in: bool
) -> None:
    told = {} if standing is None else {Matter.MEETINGS: standing}
    thing = Thing("child", "a", "northmoor", frozenset({Role.PARENT}), told, over)
    assert decide(actor(Role.PARENT), "scheduling.meeting.read", thing).allowed is is_let_in
    carer = Thing("child", "a", "northmoor", frozenset({Role.CARER}), told, over)
    assert decide(actor(Role.CARER), "scheduling.meeting.read", carer).allowed


LINKED = Scope("a", "this plan", frozenset({"pep.plan.edit_carer_sections", "pep.plan.submit"}), Role.CARER)


def by_link(scope: Scope = LINKED, *kinds: Role) -> Actor:
    return Actor("p", "Cal Winter", frozenset(kinds or {Role.CARER}), "", "northmoor", scope=scope)


def plan_of(child_id: str = "a", part: str = "this plan", *roles: Role) -> Thing:
    return Thing("child", child_id, "northmoor", frozenset(roles or {Role.CARER}), plan_id=part)


@pytest.mark.parametrize("action", PERMISSIONS)
def test_who_acts_by_a_link_may_do_what_it_is_for_in_their_role_and_nothing_else(action: str) -> None:
    mine = action == "pep.plan.edit_carer_sections"
    assert decide(by_link(), action, plan_of()).allowed is mine
    both = plan_of("a", "this plan", Role.CARER, Role.SOCIAL_WORKER)
    assert decide(by_link(LINKED, *Role), action, both).allowed is mine, "another role of theirs does not count"
    for elsewhere in (
        plan_of("b"),
        plan_of("a", "another plan"),
        plan_of("a", ""),
        plan_of("a", "this plan", Role.IRO),
    ):
        assert not decide(by_link(), action, elsewhere).allowed
    assert not decide(by_link(), action, Thing("authority", "northmoor", "northmoor", plan_id="this plan")).allowed


@pytest.mark.parametrize("action", PERMISSIONS)
def test_somebody_from_outside_the_team_may_do_only_what_the_table_gives_to_guests(action: str) -> None:
    scope = Scope("a", "this plan", frozenset(PERMISSIONS), None)
    nobody = Thing("child", "a", "northmoor", plan_id="this plan")
    assert decide(by_link(scope), action, nobody).allowed is PERMISSIONS[action].guests
    assert not decide(by_link(), "pep.contribution.give", nobody).allowed


def test_every_row_says_what_it_allows_and_lets_somebody_in() -> None:
    for action, permission in PERMISSIONS.items():
        assert permission.what, action
        assert permission.team | permission.authority or permission.guests, action
        assert action.split(".")[0] in {"pep", "scheduling", "virtual_school", "suite"}, action


def test_no_row_is_declared_twice() -> None:
    blocks = [
        permissions.PEP_CHILD,
        permissions.PEP_PLAN,
        permissions.PEP_REVIEW,
        permissions.SCHEDULING,
        permissions.VIRTUAL_SCHOOL_SERVICE,
        permissions.OPERATING,
        permissions.AUDIT,
        permissions.COPIES,
    ]
    assert sum(len(block) for block in blocks) == len(PERMISSIONS)
