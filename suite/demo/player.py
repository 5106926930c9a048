"""What a step of the story is about, as the services know it on that day: child, team, plan, meeting, concern."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from services.pep.adapters import care_plan_store, plans_store
from services.pep.app import SPEC as PEP
from services.pep.domain.concerns import Concern, ConcernState
from services.pep.domain.plan import Plan
from services.scheduling.adapters import meetings_store
from services.scheduling.app import SPEC as SCHEDULING
from services.scheduling.domain.meeting import Meeting
from shared.contracts.roles import Role
from shared.platform import roster
from suite.demo.stage import Stage
from suite.demo.story import Step


class NotPossible(Exception):
    """The step has nothing to act on: on this day the story took another course."""


@dataclass
class Player:
    """Plays steps on a stage; `child_ids` maps the children's keys to their ids once they are known."""

    stage: Stage
    child_ids: dict[str, str] = field(default_factory=dict)

    def child_id(self, step: Step) -> str:
        """Return the id of the step's child."""
        return self.child_ids[step.child.key]

    def team(self, step: Step) -> Mapping[Role, str]:
        """Return who has which role on the child's team on this day (one person for each role)."""
        with self.stage.looking(PEP) as work:
            members = roster.team(work.connection, self.child_id(step), work.today)
        return {member.role: member.person_id for member in members}

    def school_author(self, step: Step) -> str:
        """Return who writes the school's part: the designated teacher, or the caseworker where there is no school."""
        members = self.team(step)
        return members.get(Role.DESIGNATED_TEACHER) or members[Role.VIRTUAL_SCHOOL_CASEWORKER]

    def plan(self, step: Step) -> Plan:
        """Return the child's newest plan of the step's kind."""
        with self.stage.looking(PEP) as work:
            for plan in plans_store.plans_of(work.connection, self.child_id(step)):
                if plan.kind.value == step.kind:
                    return plan
        raise NotPossible(f"{step.child.row.name} has no {step.kind} plan")

    def meeting(self, step: Step) -> Meeting:
        """Return the newest meeting about the step's plan."""
        plan = self.plan(step)
        with self.stage.looking(SCHEDULING) as work:
            found = meetings_store.of_plan(work.connection, plan.id)
        if not found:
            raise NotPossible(f"{step.child.row.name} has no meeting for the {step.kind} plan")
        return found[-1]

    def concern(self, step: Step) -> Concern:
        """Return the child's open concern."""
        with self.stage.looking(PEP) as work:
            for concern in care_plan_store.concerns_of(work.connection, self.child_id(step)):
                if concern.state is ConcernState.OPEN:
                    return concern
        raise NotPossible(f"{step.child.row.name} has no open concern")
