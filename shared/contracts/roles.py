"""The roles of the team around the child, as every service names them."""

from __future__ import annotations

from enum import StrEnum


class Role(StrEnum):
    """What a person is to a child, or to the authority; the words are those of the statutory guidance."""

    SOCIAL_WORKER = "social_worker"
    TEAM_MANAGER = "team_manager"
    IRO = "iro"
    DESIGNATED_TEACHER = "designated_teacher"
    DELEGATE = "delegate"
    VIRTUAL_SCHOOL_CASEWORKER = "virtual_school_caseworker"
    VIRTUAL_SCHOOL_HEAD = "virtual_school_head"
    CARER = "carer"
    PARENT = "parent"
    CHILD = "child"
    ADVOCATE = "advocate"

    @property
    def title(self) -> str:  # type: ignore[override]
        """Return the role in words, as a page shows it."""
        return ROLE_TITLES[self]

    @property
    def in_text(self) -> str:
        """Return the role as it stands inside a sentence: names keep their capitals."""
        return (
            self.title if self.title.startswith(("Independent", "Virtual")) else self.title[:1].lower() + self.title[1:]
        )


ROLE_TITLES = {
    Role.SOCIAL_WORKER: "Social worker",
    Role.TEAM_MANAGER: "Team manager",
    Role.IRO: "Independent Reviewing Officer",
    Role.DESIGNATED_TEACHER: "Designated teacher",
    Role.DELEGATE: "Delegate of the designated teacher",
    Role.VIRTUAL_SCHOOL_CASEWORKER: "Virtual School caseworker",
    Role.VIRTUAL_SCHOOL_HEAD: "Virtual School head",
    Role.CARER: "Carer",
    Role.PARENT: "Parent",
    Role.CHILD: "Child or young person",
    Role.ADVOCATE: "Advocate",
}
