"""What the plan's page and its API show: one read, whoever looks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import cached_property

from services.pep.adapters import forms_store
from services.pep.adapters.links_store import Contribution
from services.pep.adapters.whole_plan import WholePlan, load_whole
from services.pep.application.plans import PlanParts
from services.pep.domain.circumstances import Circumstance
from services.pep.domain.forms import TARGETS, VIEWS, Form, Heading, Section, headings_answered
from services.pep.domain.history import HistoryEntry
from services.pep.domain.plan import Plan, PlanMeeting
from services.pep.domain.submission import Progress, Reason, meeting_reason, section_progress
from services.pep.domain.targets import SmartGap, Target, smart_gaps, total_cost_pence
from shared.contracts.participation import ParticipationCode
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
WHY_COUNTED = {
    "heard_before": "They gave what was needed from them beforehand",
    "joined_otherwise": "They were heard another way",
    "could_not_wait": "The decisions could not wait for another meeting",
    "child_wished": "The child wished the meeting to go ahead",
    "other": "The social worker gave another reason",
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
    sent_apologies: bool = False


@dataclass(frozen=True, slots=True)
class MeetingView:
    """A meeting with the people's names."""

    meeting: PlanMeeting
    mode: str
    attendees: tuple[Attendee, ...]

    @property
    def was_quorate(self) -> bool:
        """Tell whether everybody was there without whom a meeting does not go ahead; so it is until told otherwise."""
        return self.meeting.went is None or self.meeting.went.quorate

    @property
    def why_counted(self) -> str:
        """Return why the meeting counts although somebody was missed who had to be there; empty where nobody was."""
        return WHY_COUNTED.get(self.meeting.went.why_counted, "") if self.meeting.went else ""

    @property
    def part(self) -> str:
        """Return in words how the child took part, with the code; empty where nothing was recorded of it."""
        code = self.meeting.went.participation if self.meeting.went else ""
        return f"{ParticipationCode(code).words} ({code})" if code in set(ParticipationCode) else ""

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


@dataclass(frozen=True)
class PlanPage:
    """All of a plan that the actor may see, worked out when it is asked for.

    It follows from nothing but these: the plan with what belongs to it, how the actor stands to the child, the day, the
    names of those who are invited without being on the team, by id, and the form, which the plan's version names.
    """

    whole: WholePlan
    actor: Standing
    today: date
    others: Mapping[str, str]
    form: Form

    @property
    def made_of(self) -> tuple[object, ...]:
        """Return what the page follows from: of two pages that agree in it, one is the other."""
        return self.whole.row, self.actor.actor, self.actor.thing, self.today, self.others

    @property
    def plan(self) -> Plan:
        """Return the plan itself."""
        return self.whole.plan

    @property
    def child_name(self) -> str:
        """Return the child's full name."""
        return self.whole.child_name

    @property
    def short_name(self) -> str:
        """Return what the child is called."""
        return self.whole.short_name

    @cached_property
    def history(self) -> tuple[HistoryEntry, ...]:
        """Return every step so far, the newest first; to a delegate of some parts, those that they did themselves."""
        if self.reads_all:
            return self.whole.history
        return tuple(one for one in self.whole.history if one.person_id == self.actor.actor.person_id)

    def reads(self, part: str) -> bool:
        """Tell whether the actor may read a part of the plan: a section's key, `targets` or `views`."""
        return self.actor.may("pep.plan.read", part)

    @property
    def reads_all(self) -> bool:
        """Tell whether the actor may read the whole plan; a delegate may be one of some parts alone."""
        return self.reads("history")

    @property
    def contributions(self) -> tuple[Contribution, ...]:
        """Return what people from outside the team wrote."""
        return self.whole.contributions if self.reads_all else ()

    @cached_property
    def parts(self) -> PlanParts:
        """Return what decides whether the plan may be submitted."""
        answers = {key: saved.answers for key, saved in self.whole.sections.items()}
        return PlanParts(
            self.plan,
            self.form.applying(self.plan.circumstances, answers),
            answers,
            self.whole.targets,
            self.whole.views,
        )

    @cached_property
    def sections(self) -> tuple[SectionRow, ...]:
        """Return the form's sections in their order."""
        return _sections(self.whole, self.parts, self.waits_for, self.actor)

    @cached_property
    def reasons(self) -> tuple[Reason, ...]:
        """Return what is missing before the plan can be submitted, the meeting left aside."""
        return tuple(one for one in self.parts.reasons if self.reads(one.section or TARGETS))

    @property
    def needs_meeting(self) -> bool:
        """Tell whether the plan waits for its meeting, or for the reason why there was none."""
        return meeting_reason(self.plan) is not None

    @cached_property
    def waits_for(self) -> Mapping[Role, str]:
        """Return by role the names of those on the team today who have it."""
        team = [member for member in self.whole.team if member.is_live(self.today)]
        return {role: _names(team, role) for role in Role}

    @cached_property
    def targets(self) -> tuple[TargetRow, ...]:
        """Return the targets in their order."""
        seen = self.whole.targets if self.reads(TARGETS) else ()
        return tuple(TargetRow(one, smart_gaps(one, self.plan.opened_on)) for one in seen)

    @property
    def cost_pence(self) -> int:
        """Return what the targets cost together."""
        return total_cost_pence(tuple(row.target for row in self.targets))

    @cached_property
    def headings(self) -> tuple[tuple[Heading, bool], ...]:
        """Return the headings of Schedule 1 paragraph 2, each with whether anything is said under it."""
        answered = headings_answered(self.parts.form, self.parts.answers)
        return tuple((heading, heading in answered) for heading in Heading)

    @property
    def circumstances(self) -> tuple[str, ...]:
        """Return in words what applies to the child while the plan is written."""
        return tuple(Circumstance(one).words for one in self.plan.circumstances)

    @property
    def may_say_circumstances(self) -> bool:
        """Tell whether the actor may say what applies to the child."""
        return self.plan.is_open and self.actor.may("pep.plan.say_circumstances")

    @property
    def may_submit(self) -> bool:
        """Tell whether the actor may submit the plan."""
        return self.actor.may("pep.plan.submit")

    @property
    def may_edit_targets(self) -> bool:
        """Tell whether the actor may set and review targets."""
        return self.actor.may("pep.plan.edit_targets", TARGETS)

    @property
    def may_read_views(self) -> bool:
        """Tell whether the actor may read what the child said."""
        return self.actor.may("pep.views.read", VIEWS)

    @property
    def may_write_views(self) -> bool:
        """Tell whether the actor may say, or record, what the child says."""
        return self.actor.may("pep.views.give") or self.actor.may("pep.views.record")

    @property
    def may_read_care_plan(self) -> bool:
        """Tell whether the actor may read the care plan."""
        return self.actor.may("pep.care_plan.read")

    @property
    def may_read_rating(self) -> bool:
        """Tell whether the actor may read how the Virtual School rated the plan."""
        return self.actor.may("virtual_school.plan.read")

    @property
    def may_read_links(self) -> bool:
        """Tell whether the actor may see to whom personal links were sent."""
        return self.actor.may("pep.link.read")

    @property
    def is_late(self) -> bool:
        """Tell whether the due date has passed and the plan was never submitted."""
        return self.plan.is_late(self.today)

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

    @cached_property
    def meetings(self) -> tuple[MeetingView, ...]:
        """Return every meeting, the latest first, with the names of those who are invited."""
        names = {**self.others, **{member.person_id: member.name for member in self.whole.team}}
        return tuple(_meeting(one, names) for one in self.whole.meetings)

    @property
    def meeting(self) -> MeetingView | None:
        """Return the meeting that matters now: the latest that was not cancelled."""
        return next((one for one in self.meetings if one.meeting.state != "cancelled"), None)


def read_plan(work: Work, plan_id: str) -> PlanPage:
    """Return the plan's page; raises `NotFound` or `Denied`. Two statements at most, however much the plan holds."""
    whole = load_whole(work.connection, plan_id)
    plan = whole.plan
    actor = standing(work, plan.child_id, roster.circle_around(plan.authority, whole.team, work.today))
    actor.permit("pep.plan.read")
    on_team = {member.person_id for member in whole.team}
    others = {one.person_id for meeting in whole.meetings for one in meeting.invitees} - on_team
    names = {person.id: person.name for person in roster.people_by_id(work.connection, others).values()}
    form = forms_store.find_form(work.connection, plan.phase, plan.form_version)
    return PlanPage(whole, actor, work.today, names, form)


def _sections(
    whole: WholePlan, parts: PlanParts, waits_for: Mapping[Role, str], actor: Standing
) -> tuple[SectionRow, ...]:
    rows = []
    for section in parts.form.sections:
        if not actor.may("pep.plan.read", section.key):
            continue
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
                may_edit=actor.may(EDIT_ACTION[section.owner], section.key),
            )
        )
    return tuple(rows)


def _meeting(meeting: PlanMeeting, names: Mapping[str, str]) -> MeetingView:
    return MeetingView(
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
                sent_apologies=meeting.went is not None and one.person_id in meeting.went.apologies,
            )
            for one in meeting.invitees
        ),
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
