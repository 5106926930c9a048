"""What the plan's page and its API show: one read, whoever looks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from services.pep.adapters.form_files import form_of
from services.pep.adapters.whole_plan import WholePlan, load_whole
from services.pep.application.plans import PlanParts
from services.pep.domain.forms import Heading, Section, headings_answered
from services.pep.domain.history import HistoryEntry
from services.pep.domain.plan import Plan, PlanMeeting
from services.pep.domain.submission import Progress, Reason, meeting_reason, section_progress
from services.pep.domain.targets import SmartGap, Target, smart_gaps, total_cost_pence
from shared.contracts.roles import ROLE_TITLES, Role
from shared.platform import roster
from shared.platform.access import Standing, standing
from shared.platform.work import Work

EDIT_ACTION: Mapping[Role, str] = {
    Role.SOCIAL_WORKER: "pep.plan.edit_care_sections",
    Role.DESIGNATED_TEACHER: "pep.plan.edit_school_sections",
    Role.CARER: "pep.plan.edit_carer_sections",
}
"""Which permission a section's owner role stands for."""

ANSWER_WORDS = {
    "needs_action": "No answer yet",
    "accepted": "Coming",
    "declined": "Cannot come",
    "tentative": "Perhaps",
}
MODE_WORDS = {"in_person": "In person", "online": "Online", "mixed": "In person and online"}


@dataclass(frozen=True, slots=True)
class Attendee:
    """One invited person as the page shows them."""

    name: str
    role: str
    required: bool
    answer: str
    words: str
    attended: bool


@dataclass(frozen=True, slots=True)
class MeetingView:
    """A meeting with the people's names."""

    meeting: PlanMeeting
    mode: str
    attendees: tuple[Attendee, ...]

    @property
    def coming(self) -> int:
        """Return how many have said that they come."""
        return sum(one.answer == "accepted" for one in self.attendees)


@dataclass(frozen=True, slots=True)
class SectionRow:
    """One section in the plan's task list: whose it is, how far it is, who is waited for."""

    section: Section
    owner_title: str
    owner_names: str
    progress: Progress
    missing: int
    saved_by_name: str
    saved_at: datetime | None
    version: int
    may_edit: bool

    @property
    def status(self) -> str:
        """Return the state in words, as the one who looks sees it."""
        if self.progress is Progress.STARTED:
            return f"Started by {self.saved_by_name}"
        if self.progress is Progress.NOT_STARTED and not self.may_edit:
            return f"Waiting for {self.owner_names}"
        return {Progress.DONE: "Done", Progress.OPTIONAL: "Optional"}.get(self.progress, "Not started")


@dataclass(frozen=True, slots=True)
class TargetRow:
    """A target and what it still lacks."""

    target: Target
    gaps: tuple[SmartGap, ...]


@dataclass(frozen=True, slots=True)
class OwnerGroup:
    """The sections and what is missing that wait for one role; `mine` says that the actor may write them."""

    role: Role
    names: str
    mine: bool
    sections: tuple[SectionRow, ...]
    reasons: tuple[Reason, ...]


@dataclass(frozen=True, slots=True)
class PlanPage:
    """All of a plan that the actor may see."""

    parts: PlanParts
    child_name: str
    short_name: str
    meetings: tuple[MeetingView, ...]
    sections: tuple[SectionRow, ...]
    targets: tuple[TargetRow, ...]
    cost_pence: int
    reasons: tuple[Reason, ...]
    needs_meeting: bool
    waits_for: Mapping[Role, str]
    headings: tuple[tuple[Heading, bool], ...]
    history: tuple[HistoryEntry, ...]
    may_submit: bool
    may_edit_targets: bool
    may_read_views: bool
    may_write_views: bool
    may_read_care_plan: bool
    may_read_rating: bool
    is_late: bool

    @property
    def plan(self) -> Plan:
        """Return the plan itself."""
        return self.parts.plan

    @property
    def groups(self) -> tuple[OwnerGroup, ...]:
        """Return sections and reasons by the role they wait for: the actor's own first, else as the form has them."""
        rows: dict[Role, list[SectionRow]] = {}
        for row in self.sections:
            rows.setdefault(row.section.owner, []).append(row)
        found = [
            OwnerGroup(
                role=role,
                names=self.waits_for[role],
                mine=group[0].may_edit,
                sections=tuple(group),
                reasons=tuple(reason for reason in self.reasons if reason.owner is role),
            )
            for role, group in rows.items()
        ]
        return tuple(sorted(found, key=lambda group: not group.mine))

    @property
    def meeting(self) -> MeetingView | None:
        """Return the meeting that matters now: the latest that was not cancelled."""
        return next((one for one in self.meetings if one.meeting.state != "cancelled"), None)


def read_plan(work: Work, plan_id: str) -> PlanPage:
    """Return the plan's page; raises `NotFound` or `Denied`. Two statements at most, however much the plan holds."""
    whole = load_whole(work.connection, plan_id)
    plan = whole.plan
    actor = standing(work, plan.child_id, whole.team)
    actor.permit("pep.plan.read")
    answers = {key: saved.answers for key, saved in whole.sections.items()}
    parts = PlanParts(plan, form_of(plan.phase, plan.form_version), answers, whole.targets, whole.views)
    team = [member for member in whole.team if member.is_live(work.today)]
    waits_for = {role: _names(team, role) for role in Role}
    answered = headings_answered(parts.form, parts.answers)
    return PlanPage(
        parts=parts,
        child_name=whole.child_name,
        short_name=whole.short_name,
        meetings=_meetings(work, whole),
        sections=_sections(whole, parts, waits_for, actor),
        targets=tuple(TargetRow(target, smart_gaps(target, plan.opened_on)) for target in parts.targets),
        cost_pence=total_cost_pence(parts.targets),
        reasons=parts.reasons,
        needs_meeting=meeting_reason(plan) is not None,
        waits_for=waits_for,
        headings=tuple((heading, heading in answered) for heading in Heading),
        history=whole.history,
        may_submit=actor.may("pep.plan.submit"),
        may_edit_targets=actor.may("pep.plan.edit_targets"),
        may_read_views=actor.may("pep.views.read"),
        may_write_views=actor.may("pep.views.give") or actor.may("pep.views.record"),
        may_read_care_plan=actor.may("pep.care_plan.read"),
        may_read_rating=actor.may("virtual_school.plan.read"),
        is_late=plan.is_late(work.today),
    )


def _sections(
    whole: WholePlan, parts: PlanParts, waits_for: Mapping[Role, str], actor: Standing
) -> tuple[SectionRow, ...]:
    may_edit = {role: actor.may(action) for role, action in EDIT_ACTION.items()}
    rows = []
    for section in parts.form.sections:
        last = whole.sections.get(section.key)
        progress, missing = section_progress(section, parts.answers)
        rows.append(
            SectionRow(
                section=section,
                owner_title=ROLE_TITLES[section.owner],
                owner_names=waits_for[section.owner],
                progress=progress,
                missing=missing,
                saved_by_name=last.saved_by_name if last else "",
                saved_at=last.saved_at if last else None,
                version=last.version if last else 0,
                may_edit=may_edit[section.owner],
            )
        )
    return tuple(rows)


def _meetings(work: Work, whole: WholePlan) -> tuple[MeetingView, ...]:
    names = {member.person_id: member.name for member in whole.team}
    strangers = {one.person_id for meeting in whole.meetings for one in meeting.invitees} - set(names)
    names |= {person.id: person.name for person in roster.people_by_id(work.connection, strangers).values()}
    return tuple(
        MeetingView(
            meeting,
            MODE_WORDS.get(meeting.mode, meeting.mode),
            tuple(
                Attendee(
                    name=names.get(one.person_id) or title_of(one.role),
                    role=title_of(one.role),
                    required=one.required,
                    answer=one.answer,
                    words=ANSWER_WORDS.get(one.answer, one.answer),
                    attended=one.person_id in meeting.attended,
                )
                for one in meeting.invitees
            ),
        )
        for meeting in whole.meetings
    )


def title_of(role: str) -> str:
    """Return a role code in words."""
    return ROLE_TITLES[Role(role)] if role in set(Role) else role.replace("_", " ").capitalize()


def _names(team: Sequence[roster.Membership], role: Role) -> str:
    """Name whoever has the role; without a designated teacher the Virtual School's caseworker stands in."""
    names = [member.name for member in team if member.role is role]
    if not names and role is Role.DESIGNATED_TEACHER:
        names = [member.name for member in team if member.role is Role.VIRTUAL_SCHOOL_CASEWORKER]
    return " or ".join(names) or f"a {ROLE_TITLES[role][0].lower()}{ROLE_TITLES[role][1:]} (nobody yet)"
