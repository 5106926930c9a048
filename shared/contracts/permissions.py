"""Who may do what: the one table.

`team` are the roles that may, for a child on whose team the person is today. `authority` are the kinds of staff who
may for every child of their authority. `fields` narrows a permission for single fields; a field that is not named is
covered by the permission itself. What is not in the table is denied. `docs/access.md` shows it as one table.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from shared.contracts.parents import Matter
from shared.contracts.roles import Role

NOBODY: frozenset[Role] = frozenset()
EVERYONE = frozenset(Role)
SOCIAL_CARE = frozenset({Role.SOCIAL_WORKER, Role.TEAM_MANAGER})
VIRTUAL_SCHOOL = frozenset({Role.VIRTUAL_SCHOOL_CASEWORKER, Role.VIRTUAL_SCHOOL_HEAD})
SCHOOL = frozenset({Role.DESIGNATED_TEACHER})
DELEGATE = frozenset({Role.DELEGATE})
PROFESSIONALS = SOCIAL_CARE | VIRTUAL_SCHOOL | SCHOOL | {Role.IRO}
STAFF = PROFESSIONALS - SCHOOL
ARRANGES_REVIEWS = SOCIAL_CARE | {Role.IRO}
"""Who arranges the review of a care plan: its Independent Reviewing Officer, and the social worker."""
HEAD = frozenset({Role.VIRTUAL_SCHOOL_HEAD})
KEEPS_PEOPLE = HEAD | {Role.TEAM_MANAGER}
IN_EMERGENCIES = STAFF - HEAD
"""The staff of the authority who may open a record in an emergency; its head sees every child's anyway."""


class Deed(StrEnum):
    """What kind of thing an action is; the last word of its name tells."""

    READ = "read"
    WRITE = "write"
    SIGN = "sign"
    EXPORT = "export"


@dataclass(frozen=True, slots=True)
class Permission:
    """Who may do one thing; `what` says in plain English what the thing is.

    `matter`: a parent may only as far as it was decided that they are told of such things; a school too, where it is
    among `by_decision`. `sealed` names fields that a parent sees only as far as they are told of a matter. `emergency`:
    staff of the authority who have opened the record in an emergency may it too, if they could in their role on a team.
    `by_part`: a delegate may for those parts of the plan that were delegated (a section's key, `targets`, `views`).
    `guests`: somebody from outside the team may, by a personal link that was sent to them for it.
    """

    what: str
    team: frozenset[Role] = NOBODY
    authority: frozenset[Role] = NOBODY
    fields: Mapping[str, frozenset[Role]] = field(default_factory=dict)
    matter: Matter | None = None
    by_decision: frozenset[Role] = frozenset({Role.PARENT})
    sealed: Mapping[str, Matter] = field(default_factory=dict)
    emergency: bool = False
    by_part: bool = False
    guests: bool = False

    @property
    def emergency_roles(self) -> frozenset[Role]:
        """Return the kinds of staff who may, once they have opened the record in an emergency."""
        return self.team & IN_EMERGENCIES if self.emergency else NOBODY


PEP_CHILD: Mapping[str, Permission] = {
    "pep.child.read": Permission(
        "See a child's page",
        team=EVERYONE,
        authority=HEAD,
        fields={"legal_status": STAFF, "reference": STAFF, "upn": PROFESSIONALS, "born_on": EVERYONE - {Role.ADVOCATE}},
        emergency=True,
        sealed={"school": Matter.SCHOOL},
    ),
    "pep.placement.read": Permission(
        "See where a child lives, with whom, and the telephone number there",
        team=PROFESSIONALS | {Role.CARER, Role.PARENT, Role.CHILD},
        authority=HEAD,
        fields={"history": STAFF},
        emergency=True,
        matter=Matter.PLACEMENT,
        by_decision=SCHOOL | {Role.PARENT},
    ),
    "pep.placement.record": Permission("Record where a child lives", team=SOCIAL_CARE),
    "pep.placement.tell_school": Permission("Decide whether the school is told where a child lives", team=SOCIAL_CARE),
    "pep.worklist.read": Permission("See one's own list of what to do next", team=EVERYONE, authority=EVERYONE),
    "pep.session.end_own": Permission(
        "See where one is signed in, and sign out there", team=EVERYONE, authority=EVERYONE
    ),
    "pep.children.list": Permission("List the children one works with", authority=EVERYONE),
    "pep.child.enter_care": Permission(
        "Record that a child became looked after", authority=SOCIAL_CARE | VIRTUAL_SCHOOL
    ),
    "pep.children.import": Permission("Import the authority's SSDA903 return", authority=HEAD),
    "pep.term.open": Permission("Open the plans of a new term for every child", authority=HEAD),
    "pep.child.edit": Permission("Correct a child's details", team=SOCIAL_CARE | VIRTUAL_SCHOOL, authority=HEAD),
    "pep.child.change_school": Permission(
        "Record a change of school", team=SOCIAL_CARE | VIRTUAL_SCHOOL | SCHOOL, authority=HEAD
    ),
    "pep.child.leave_care": Permission("Record that a child left care", team=SOCIAL_CARE, authority=HEAD),
    "pep.child.record_death": Permission("Record that a child died", team=SOCIAL_CARE, authority=HEAD),
    "pep.review.record": Permission(
        "Record that a review of the care plan was held", team=SOCIAL_CARE | {Role.IRO}, authority=HEAD
    ),
    "pep.team.read": Permission(
        "See who is on the team around a child",
        team=EVERYONE,
        authority=HEAD,
        fields={"email": PROFESSIONALS, "carer": EVERYONE - DELEGATE - {Role.PARENT}},
        emergency=True,
        sealed={"school": Matter.SCHOOL},
    ),
    "pep.team.change": Permission("Change the team around a child", team=SOCIAL_CARE | VIRTUAL_SCHOOL, authority=HEAD),
    "pep.team.allocate": Permission("Give children without a social worker to one", authority=HEAD),
    "pep.parents.read": Permission(
        "See what each parent is told of, and who decided it",
        team=PROFESSIONALS,
        authority=HEAD,
        fields={"ground": STAFF},
        emergency=True,
    ),
    "pep.parents.decide": Permission("Decide what a parent is told of", team=SOCIAL_CARE),
    "pep.parents.confirm": Permission(
        "Confirm or refuse, as the second person, what a parent is told of",
        team=SOCIAL_CARE | {Role.IRO},
        authority=HEAD,
    ),
    "pep.delegation.list": Permission("See who acts for one as the designated teacher", authority=SCHOOL),
    "pep.delegation.give": Permission(
        "Let a colleague act for one as the designated teacher, and end it", authority=SCHOOL
    ),
    "pep.emergency.open": Permission(
        "Open a child's record in an emergency, without a place on the team", authority=IN_EMERGENCIES
    ),
    "pep.emergency.close": Permission("Close a record again that one opened in an emergency", authority=IN_EMERGENCIES),
    "pep.emergency.read": Permission(
        "See who opened a child's record in an emergency, and why", team=SOCIAL_CARE, authority=HEAD
    ),
    "pep.emergency.list": Permission("List the emergency openings that wait for one's review", authority=KEEPS_PEOPLE),
    "pep.emergency.review": Permission(
        "Say, as somebody else than who did it, whether an emergency opening was right",
        team=frozenset({Role.TEAM_MANAGER}),
        authority=HEAD,
    ),
    "pep.people.read": Permission("List the staff and designated teachers of the authority", authority=KEEPS_PEOPLE),
    "pep.person.record": Permission(
        "Record a member of staff or a designated teacher, and that one is no longer here",
        authority=KEEPS_PEOPLE,
        fields={"virtual_school_head": HEAD},
    ),
    "pep.caseload.hand_over": Permission(
        "Hand over everybody in a worker's caseload whose team one may change", authority=KEEPS_PEOPLE
    ),
    "pep.records.read": Permission(
        "See which records are due to be erased, which are under a legal hold and which were erased",
        authority=KEEPS_PEOPLE,
    ),
    "pep.record.hold": Permission("Put a child's record, or all records, under a legal hold", authority=HEAD),
    "pep.record.ask_erasure": Permission("Ask that a record is erased when its time has come", authority=HEAD),
    "pep.record.settle_erasure": Permission(
        "Approve or refuse, as the second person, that a record is erased", authority=KEEPS_PEOPLE
    ),
    "pep.school.read": Permission("Look up a school", authority=PROFESSIONALS),
    "pep.school.record": Permission("Record a school", authority=VIRTUAL_SCHOOL),
}

PEP_PLAN: Mapping[str, Permission] = {
    "pep.plan.read": Permission(
        "Read a child's plan and its history",
        team=PROFESSIONALS | DELEGATE | {Role.CARER},
        authority=HEAD,
        emergency=True,
        by_part=True,
    ),
    "pep.plan.edit_care_sections": Permission("Write the social worker's sections of a plan", team=SOCIAL_CARE),
    "pep.plan.edit_school_sections": Permission(
        "Write the school's sections of a plan",
        team=SCHOOL | DELEGATE | {Role.VIRTUAL_SCHOOL_CASEWORKER},
        by_part=True,
    ),
    "pep.plan.edit_carer_sections": Permission(
        "Write what the carer says, or take it down for them", team=SOCIAL_CARE | {Role.CARER}
    ),
    "pep.plan.say_circumstances": Permission(
        "Say what applies to the child, such as alternative provision or custody, so that the plan asks about it",
        team=SOCIAL_CARE | SCHOOL | {Role.VIRTUAL_SCHOOL_CASEWORKER},
    ),
    "pep.form.read": Permission("Look at the forms of the authority's plans", authority=PROFESSIONALS),
    "pep.form.export": Permission("Take a form away as a spreadsheet", authority=PROFESSIONALS),
    "pep.form.change": Permission("Change the forms of the authority's plans, and say from when", authority=HEAD),
    "pep.plan.edit_targets": Permission(
        "Set, change and review targets",
        team=SOCIAL_CARE | SCHOOL | DELEGATE | {Role.VIRTUAL_SCHOOL_CASEWORKER},
        by_part=True,
    ),
    "pep.plan.submit": Permission("Submit a plan to the Virtual School", team=SOCIAL_CARE | SCHOOL),
    "pep.views.read": Permission(
        "Read the child's own views",
        team=PROFESSIONALS | DELEGATE | {Role.CHILD, Role.ADVOCATE},
        authority=HEAD,
        emergency=True,
        by_part=True,
    ),
    "pep.views.give": Permission("Say one's own views as the child", team=frozenset({Role.CHILD})),
    "pep.views.record": Permission("Record the child's views on their behalf", team=PROFESSIONALS | {Role.ADVOCATE}),
    "pep.own_targets.read": Permission("Read the targets of one's own plan", team=frozenset({Role.CHILD})),
    "pep.parent_plan.read": Permission(
        "Read of an approved plan what a parent may, without homes, names and what gives an address away",
        team=SOCIAL_CARE | {Role.PARENT},
        matter=Matter.PLAN,
    ),
    "pep.contribution.give": Permission(
        "Write a contribution to a plan, for somebody who is not on the team, by a personal link", guests=True
    ),
    "pep.link.read": Permission(
        "See to whom personal links to a plan were sent, and what they were used for", team=SOCIAL_CARE, authority=HEAD
    ),
    "pep.link.send": Permission("Send somebody without an account a personal link to one thing", team=SOCIAL_CARE),
    "pep.link.revoke": Permission("Take a personal link back", team=SOCIAL_CARE, authority=HEAD),
    "pep.care_plan.read": Permission(
        "Read the education part of the care plan and its concerns", team=STAFF, authority=HEAD, emergency=True
    ),
    "pep.concern.answer": Permission("Answer a concern in the care plan", team=SOCIAL_CARE),
    "pep.concern.finish_action": Permission(
        "Say that what was promised on a concern is done", team=PROFESSIONALS | {Role.CARER}
    ),
}

PEP_REVIEW: Mapping[str, Permission] = {
    "pep.review.read": Permission(
        "See a child's reviews, what they decided and what became of it",
        team=STAFF,
        authority=HEAD,
        emergency=True,
    ),
    "pep.review.ask": Permission(
        "Ask for an early review of the care plan",
        team=ARRANGES_REVIEWS | {Role.CHILD, Role.PARENT, Role.CARER, Role.ADVOCATE},
    ),
    "pep.review.withdraw": Permission("Say that a review somebody asked for is not needed", team=frozenset({Role.IRO})),
    "pep.review.write_record": Permission(
        "Write the record of a review: who took part, what was decided, who does what", team=frozenset({Role.IRO})
    ),
    "pep.review.settle_action": Permission(
        "Say that what a review agreed is done, or why not", team=PROFESSIONALS | {Role.CARER}
    ),
    "pep.review_pack.read": Permission(
        "Read what is brought together for a review",
        team=PROFESSIONALS,
        authority=HEAD,
        fields={"care": STAFF},
        emergency=True,
    ),
    "pep.reviews.list": Permission("See the reviews of the children one works with in a table", authority=STAFF),
    "pep.reviews.export": Permission("Take that table away as a spreadsheet", authority=STAFF),
    "pep.disagreement.record": Permission(
        "Record that the reviewing officer does not agree, and how it is settled", team=frozenset({Role.IRO})
    ),
    "pep.visit.read": Permission(
        "See when the social worker has visited a child", team=STAFF, authority=HEAD, emergency=True
    ),
    "pep.visit.record": Permission("Record a visit to a child, and how often visits are due", team=SOCIAL_CARE),
}

PEP: Mapping[str, Permission] = {**PEP_CHILD, **PEP_PLAN, **PEP_REVIEW}

SCHEDULING: Mapping[str, Permission] = {
    "scheduling.child.read": Permission(
        "Know that a child has meetings", team=EVERYONE, authority=HEAD, matter=Matter.MEETINGS, emergency=True
    ),
    "scheduling.worklist.read": Permission("See one's own list of meetings", team=EVERYONE, authority=EVERYONE),
    "scheduling.diary.keep_own": Permission(
        "Say where one's own diary is published, so that no time is offered when one is busy", authority=PROFESSIONALS
    ),
    "scheduling.feed.keep_own": Permission(
        "Have one's own meetings, or when one is busy, in one's own calendar program by a private address",
        authority=EVERYONE,
    ),
    "scheduling.feed.keep_school": Permission(
        "Have the meetings of the school's children in the school's calendar program by a private address",
        authority=SCHOOL,
    ),
    "scheduling.hours.keep_own": Permission(
        "Say at which hours of the week meetings suit oneself", authority=EVERYONE - {Role.CHILD}
    ),
    "scheduling.hours.keep": Permission(
        "Say at which hours of the week meetings suit somebody on the team", team=SOCIAL_CARE, authority=KEEPS_PEOPLE
    ),
    "scheduling.lessons.read": Permission(
        "See which lessons a child should not miss for a meeting",
        team=PROFESSIONALS | {Role.CARER, Role.CHILD},
        authority=HEAD,
    ),
    "scheduling.lessons.record": Permission(
        "Say which lessons a child should not miss, or wishes not to miss", team=SOCIAL_CARE | SCHOOL | {Role.CHILD}
    ),
    "scheduling.meeting.read": Permission(
        "See a meeting, who is invited and what they answered",
        team=EVERYONE,
        authority=HEAD,
        fields={
            "addresses": PROFESSIONALS,
            "family_names": PROFESSIONALS,
            "comments": SOCIAL_CARE,
            "mails": SOCIAL_CARE,
            "went": EVERYONE - {Role.PARENT},
            "review": EVERYONE - DELEGATE,
            "review_comments": ARRANGES_REVIEWS,
            "review_mails": ARRANGES_REVIEWS,
        },
        matter=Matter.MEETINGS,
        emergency=True,
        sealed={"school": Matter.SCHOOL},
    ),
    "scheduling.meeting.arrange": Permission(
        "Arrange, move or cancel a meeting", team=ARRANGES_REVIEWS, fields={"pep": SOCIAL_CARE}
    ),
    "scheduling.meeting.record_answer": Permission(
        "Write down an answer told by telephone", team=ARRANGES_REVIEWS, fields={"pep": SOCIAL_CARE}
    ),
    "scheduling.meeting.record_held": Permission(
        "Say that a meeting was held and who came",
        team=ARRANGES_REVIEWS | SCHOOL,
        fields={"pep": SOCIAL_CARE | SCHOOL, "review": ARRANGES_REVIEWS},
    ),
    "scheduling.poll.ask": Permission(
        "Ask people which times suit them before a meeting is arranged",
        team=ARRANGES_REVIEWS,
        fields={"pep": SOCIAL_CARE},
    ),
    "scheduling.poll.read": Permission(
        "See who said what of the times that people were asked about",
        team=ARRANGES_REVIEWS,
        fields={"pep": SOCIAL_CARE},
    ),
    "scheduling.poll.answer": Permission(
        "Say which times suit one, where one is asked", team=EVERYONE, matter=Matter.MEETINGS
    ),
    "scheduling.agenda.read": Permission(
        "Read what will be talked about at a meeting",
        team=EVERYONE,
        authority=HEAD,
        fields={"review": EVERYONE - DELEGATE},
        matter=Matter.MEETINGS,
    ),
    "scheduling.agenda.add": Permission(
        "Add to what will be talked about at a meeting, and change or take back what is one's own",
        team=EVERYONE,
        fields={"review": EVERYONE - DELEGATE},
        matter=Matter.MEETINGS,
    ),
    "scheduling.agenda.start": Permission("Say who should start a meeting about oneself", team=frozenset({Role.CHILD})),
    "scheduling.agenda.order": Permission(
        "Read what a child wrote for the social worker alone, put what will be talked about in order, take points out",
        team=SOCIAL_CARE,
    ),
    "scheduling.unwanted.read": Permission(
        "See whom a child does not want at their meetings, but for oneself", team=SOCIAL_CARE | {Role.CHILD}
    ),
    "scheduling.unwanted.say": Permission(
        "Say whom a child does not want at their meetings, as the child or for them", team=SOCIAL_CARE | {Role.CHILD}
    ),
    "scheduling.chase.read": Permission(
        "See which meetings wait for an answer, a time or a way out, and what comes next",
        team=SOCIAL_CARE | VIRTUAL_SCHOOL,
        authority=HEAD,
    ),
    "scheduling.chase.export": Permission(
        "Take that list away as a spreadsheet", team=SOCIAL_CARE | VIRTUAL_SCHOOL, authority=HEAD
    ),
    "scheduling.mail.sort_unknown": Permission(
        "Look at replies by mail that belong to no known meeting",
        authority=frozenset({Role.TEAM_MANAGER, Role.VIRTUAL_SCHOOL_HEAD}),
    ),
    "scheduling.rooms.read": Permission("See the rooms that can be booked for meetings", authority=PROFESSIONALS),
    "scheduling.rooms.record": Permission(
        "Record the rooms of a school that can be booked for meetings", authority=SOCIAL_CARE | VIRTUAL_SCHOOL | SCHOOL
    ),
    "scheduling.rooms.record_own": Permission(
        "Record the authority's own rooms that can be booked for meetings", authority=SOCIAL_CARE | VIRTUAL_SCHOOL
    ),
    "scheduling.term_plan.read": Permission(
        "See a draft of the term, as far as it is about the children one works with",
        authority=HEAD | {Role.TEAM_MANAGER, Role.SOCIAL_WORKER},
    ),
    "scheduling.term_plan.draft": Permission(
        "Draft a term's meetings: of the whole authority, or a team manager of their own teams",
        authority=HEAD | {Role.TEAM_MANAGER},
    ),
    "scheduling.term_plan.adjust": Permission(
        "Move, lock or leave out a child's meeting in a draft of the term", team=SOCIAL_CARE, authority=HEAD
    ),
    "scheduling.term_plan.send": Permission(
        "Send the invitations of a draft of the term", authority=HEAD | {Role.TEAM_MANAGER}
    ),
    "scheduling.terms.read": Permission("See a school's term calendar", authority=PROFESSIONALS),
    "scheduling.terms.import": Permission(
        "Bring in a school's term calendar, and say when its day starts and ends",
        authority=SOCIAL_CARE | VIRTUAL_SCHOOL | SCHOOL,
    ),
}

VIRTUAL_SCHOOL_SERVICE: Mapping[str, Permission] = {
    "virtual_school.worklist.read": Permission("See one's own list in the Virtual School", PROFESSIONALS, HEAD),
    "virtual_school.figures.read": Permission("See the Virtual School's figures", VIRTUAL_SCHOOL, HEAD),
    "virtual_school.cohort.read": Permission("See the children one is responsible for in a table", PROFESSIONALS, HEAD),
    "virtual_school.cohort.export": Permission("Take that table away as a spreadsheet", PROFESSIONALS, HEAD),
    "virtual_school.child.read": Permission(
        "See a child's page in the Virtual School", PROFESSIONALS, HEAD, emergency=True
    ),
    "virtual_school.plan.read": Permission(
        "See how a plan was rated, and the feedback", PROFESSIONALS, HEAD, emergency=True
    ),
    "virtual_school.plan.rate": Permission("Rate a submitted plan, and approve or return it", VIRTUAL_SCHOOL, HEAD),
    "virtual_school.concern.read": Permission(
        "See the concerns that monitoring raised", PROFESSIONALS, HEAD, emergency=True
    ),
    "virtual_school.attendance.record": Permission("Record attendance marks", VIRTUAL_SCHOOL | SCHOOL, HEAD),
    "virtual_school.suspension.record": Permission("Record a suspension", VIRTUAL_SCHOOL | SCHOOL, HEAD),
}

MENDERS = frozenset({Role.TEAM_MANAGER, Role.VIRTUAL_SCHOOL_HEAD})

OPERATING: Mapping[str, Permission] = {
    f"{service}.events.mend": Permission(
        f"See the events that got stuck in {service}, and let them go on or give them up", authority=MENDERS
    )
    for service in ("pep", "scheduling", "virtual_school")
}

AUDIT: Mapping[str, Permission] = {
    f"{service}.audit.{how}": Permission(words.format(service), team=SOCIAL_CARE, authority=HEAD)
    for service in ("pep", "scheduling", "virtual_school")
    for how, words in (
        ("read", "See who has looked at a child's record in {}"),
        ("export", "Take the list of who has looked at a child's record in {} away"),
    )
}

COPIES: Mapping[str, Permission] = {
    f"{service}.record.{how}": Permission(words.format(service), team=team, authority=HEAD)
    for service in ("pep", "scheduling", "virtual_school")
    for how, words, team in (
        ("prepare", "Read a child's whole record in {} in order, and mark what is withheld from a copy", SOCIAL_CARE),
        ("export", "Release a copy of a child's record in {}, and take it away", frozenset({Role.TEAM_MANAGER})),
    )
}

PERMISSIONS: Mapping[str, Permission] = {**PEP, **SCHEDULING, **VIRTUAL_SCHOOL_SERVICE, **OPERATING, **AUDIT, **COPIES}

_DEEDS: Mapping[str, Deed] = {
    "read": Deed.READ,
    "list": Deed.READ,
    "submit": Deed.SIGN,
    "rate": Deed.SIGN,
    "export": Deed.EXPORT,
}


def deed(action: str) -> Deed:
    """Return what kind of thing an action of the table is: reading, signing, exporting, else writing."""
    return _DEEDS.get(action.rpartition(".")[2], Deed.WRITE)
