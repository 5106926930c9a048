"""The national attendance codes in force from 19 August 2024, and what each counts as.

Source: the School Attendance (Pupil Registration) (England) Regulations 2024, SI 2024/208, regulation 10, and the
statutory guidance "Working together to improve school attendance" (2024). What counts as a possible session follows the
guidance's statistical classes: present, attending elsewhere and every absence with or without leave are possible
sessions; "unable to attend" (Q, Y1 to Y7), administrative marks (X, Z, #) and D (counted at the other school, so that
no session counts twice) are not.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from shared.kernel.errors import DomainError


class Session(StrEnum):
    """Half a school day."""

    AM = "AM"
    PM = "PM"


class CodeGroup(StrEnum):
    """What a code says of the child."""

    PRESENT = "present"
    ATTENDING_ELSEWHERE = "attending_elsewhere"
    AUTHORISED_ABSENCE = "authorised_absence"
    UNABLE_TO_ATTEND = "unable_to_attend"
    UNAUTHORISED_ABSENCE = "unauthorised_absence"
    ADMINISTRATIVE = "administrative"

    @property
    def words(self) -> str:
        """Return the group's name as a page shows it."""
        return GROUP_WORDS[self]


GROUP_WORDS = {
    CodeGroup.PRESENT: "Present",
    CodeGroup.ATTENDING_ELSEWHERE: "Attending somewhere else",
    CodeGroup.AUTHORISED_ABSENCE: "Absent, authorised",
    CodeGroup.UNABLE_TO_ATTEND: "Unable to attend",
    CodeGroup.UNAUTHORISED_ABSENCE: "Absent, not authorised",
    CodeGroup.ADMINISTRATIVE: "Administrative",
}


@dataclass(frozen=True, slots=True)
class AttendanceCode:
    """One code: `possible` and `attended` say whether a session so marked counts in each figure."""

    code: str
    group: CodeGroup
    meaning: str
    possible: bool
    attended: bool


def _codes(group: CodeGroup, possible: bool, attended: bool, *rows: tuple[str, str]) -> dict[str, AttendanceCode]:
    return {code: AttendanceCode(code, group, meaning, possible, attended) for code, meaning in rows}


CODES: Mapping[str, AttendanceCode] = {
    **_codes(
        CodeGroup.PRESENT,
        True,
        True,
        ("/", "Present in the morning"),
        ("\\", "Present in the afternoon"),
        ("L", "Late, before the register closed"),
    ),
    **_codes(
        CodeGroup.ATTENDING_ELSEWHERE,
        True,
        True,
        ("K", "Education arranged by the local authority"),
        ("V", "Educational visit or trip"),
        ("P", "Sporting activity"),
        ("W", "Work experience"),
        ("B", "Other approved educational activity"),
    ),
    **_codes(
        CodeGroup.ATTENDING_ELSEWHERE,
        False,
        False,
        ("D", "Registered at another school, which counts the session"),
    ),
    **_codes(
        CodeGroup.AUTHORISED_ABSENCE,
        True,
        False,
        ("C1", "Regulated performance or employment abroad"),
        ("C2", "Part-time timetable"),
        ("C", "Other leave for exceptional circumstances"),
        ("M", "Medical or dental appointment"),
        ("J1", "Interview for a job or a place"),
        ("S", "Study leave"),
        ("T", "Parent travelling for work"),
        ("R", "Religious observance"),
        ("I", "Illness"),
        ("E", "Suspended or excluded, nothing else arranged"),
    ),
    **_codes(
        CodeGroup.UNABLE_TO_ATTEND,
        False,
        False,
        ("Q", "The local authority did not arrange access"),
        ("Y1", "Usual transport not provided"),
        ("Y2", "Widespread travel disruption"),
        ("Y3", "Part of the school closed"),
        ("Y4", "Whole school unexpectedly closed"),
        ("Y5", "In custody"),
        ("Y6", "Public health guidance or law"),
        ("Y7", "Other unavoidable cause"),
    ),
    **_codes(
        CodeGroup.UNAUTHORISED_ABSENCE,
        True,
        False,
        ("G", "Holiday without leave"),
        ("N", "Reason not yet known"),
        ("O", "Other absence without leave"),
        ("U", "Late, after the register closed"),
    ),
    **_codes(
        CodeGroup.ADMINISTRATIVE,
        False,
        False,
        ("X", "Not of compulsory school age and not expected"),
        ("Z", "Not yet on the school's roll"),
        ("#", "Planned closure"),
    ),
}

WITHDRAWN: Mapping[str, str] = {
    "H": "H was withdrawn on 19 August 2024. Use C for leave the school gave, or G for a holiday without leave.",
    "J": "J was withdrawn on 19 August 2024. Use J1 for an interview.",
    "Y": "Y was withdrawn on 19 August 2024. Use Y1 to Y7, which say why the child could not attend.",
}

# One-character substitutes that some school systems export because their field is one character wide.
SUBSTITUTES: Mapping[str, str] = {
    "<": "C1",
    ">": "C2",
    "?": "J1",
    "$": "Y1",
    "%": "Y3",
    "`": "Y4",
    ":": "Y5",
    "|": "Y6",
    "_": "Y7",
}
# A small "a" is the substitute for Y2. No code is the letter A, so a capital is refused rather than guessed at.
_SMALL_A = "a"


def read_code(text: str, session: Session) -> AttendanceCode:
    r"""Return the code a register's mark stands for (SI 2024/208 regulation 10).

    Accepts lower case, the one-character substitutes of school systems, and either slash in either session (`/` is kept
    for a morning and `\` for an afternoon). Raises `DomainError` `attendance_code_withdrawn` or
    `attendance_code_unknown`, whose message says what to use.
    """
    mark = text.strip()
    if mark == _SMALL_A:
        return CODES["Y2"]
    mark = SUBSTITUTES.get(mark, mark.upper())
    if mark in ("/", "\\"):
        return CODES["/" if session is Session.AM else "\\"]
    if mark in WITHDRAWN:
        raise DomainError("attendance_code_withdrawn", WITHDRAWN[mark], mark=mark)
    try:
        return CODES[mark]
    except KeyError:
        shown = mark[:10]
        raise DomainError(
            "attendance_code_unknown", f"“{shown}” is not an attendance code in force since 19 August 2024.", mark=shown
        ) from None


def codes_that(*, possible: bool | None = None, attended: bool | None = None) -> tuple[str, ...]:
    """Return the codes that count (or do not) as possible and as attended; None leaves a question open."""
    return tuple(
        code.code
        for code in CODES.values()
        if (possible is None or code.possible is possible) and (attended is None or code.attended is attended)
    )


def codes_in(group: CodeGroup, *, possible: bool = True) -> tuple[str, ...]:
    """Return the codes of a group that count (or do not) as possible sessions."""
    return tuple(code.code for code in CODES.values() if code.group is group and code.possible is possible)
