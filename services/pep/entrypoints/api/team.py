"""The API of the team around a child."""

from __future__ import annotations

from typing import Any

from services.pep.application import team
from services.pep.domain.team import FAMILY
from services.pep.entrypoints.child_schemas import EndSchema, HandOverSchema, JoinSchema, LanguageSchema, MemberSchema
from shared.contracts.roles import Role
from shared.platform.roster import Membership
from shared.platform.web.access import allowed
from shared.platform.web.api import ApiBlueprint
from shared.platform.web.unit import reading, writing

api = ApiBlueprint("team_api", __name__, url_prefix="/api", description="The team around a child")


@api.get("/children/<child_id>/team")
@allowed("pep.team.read")
@api.response(200, MemberSchema(many=True))
def index(child_id: str) -> list[Membership]:
    """Return everyone who is, was or will be on a child's team, as the holder of the token may see it."""
    with reading() as work:
        return team.whole_team_of(work, child_id)


@api.post("/children/<child_id>/team")
@allowed("pep.team.change")
@api.arguments(JoinSchema)
@api.response(201, MemberSchema)
@api.alt_response(409, description="already_on_team, or role_taken with the membership_id to end or hand over")
def join(values: dict[str, Any], child_id: str) -> Membership:
    """Put a person on the team: a known one by `person_id`, a new carer, parent, child or advocate by `name`."""
    role = Role(values["role"])
    with writing() as work:
        if role in FAMILY and not values["person_id"]:
            return team.add_new_person(
                work, child_id, values["name"], values["email"], role, values["from_date"], values["language"]
            )
        return team.add_member(work, child_id, values["person_id"], role, values["from_date"])


@api.post("/team/<membership_id>/language")
@allowed("pep.team.change")
@api.arguments(LanguageSchema)
@api.response(200, MemberSchema)
def change_language(values: dict[str, Any], membership_id: str) -> Membership:
    """Record in which language besides English a carer, parent, child or advocate is written to."""
    with writing() as work:
        return team.change_language(work, membership_id, values["language"])


@api.post("/team/<membership_id>/end")
@allowed("pep.team.change")
@api.arguments(EndSchema)
@api.response(200, MemberSchema)
def end(values: dict[str, Any], membership_id: str) -> Membership:
    """End a person's place on a team; `until` is the last day."""
    with writing() as work:
        return team.end_membership(work, membership_id, values["until"])


@api.post("/team/<membership_id>/handover")
@allowed("pep.team.change")
@api.arguments(HandOverSchema)
@api.response(201, MemberSchema)
def hand_over(values: dict[str, Any], membership_id: str) -> Membership:
    """Hand a role over: one place ends, the other begins."""
    with writing() as work:
        return team.change_worker(work, membership_id, values["person_id"], values["from_date"])
