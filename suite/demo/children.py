"""The invented children: who they are, who is round them, and which story each one's plan tells.

Ages and dates follow from the day the home is filled, so that the children are always in the year group given here.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum

from suite.demo.staff import CASEWORKERS, REVIEWING_OFFICERS, SCHOOLS, SOCIAL_WORKERS


class Story(StrEnum):
    """How far a child's plan has come."""

    NEW = "new"
    ASKED = "asked"
    DATED = "dated"
    PUT_BACK = "put_back"
    LATE = "late"
    HELD = "held"
    SUBMITTED = "submitted"
    RETURNED = "returned"
    APPROVED = "approved"
    NEXT_TERM = "next_term"
    LOW_ATTENDANCE = "low_attendance"
    SUSPENDED = "suspended"
    NO_SCHOOL = "no_school"
    LEFT_CARE = "left_care"


@dataclass(frozen=True, slots=True)
class Row:
    """One child; `school` counts the schools from 1, `born` the days of the school year of birth from 0."""

    name: str
    known_as: str
    sex: str
    group: int
    born: int
    school: int
    story: Story
    carer: str
    parent: str
    legal_status: str = "C2"


ROWS = (
    Row("Isla Fenwick", "", "2", -1, 40, 1, Story.ASKED, "Joan Armitage", "Kerry Fenwick", "E1"),
    Row("Noah Okonkwo", "", "1", -1, 210, 1, Story.APPROVED, "Grace Eze", "Chidi Okonkwo"),
    Row("Zofia Wilk", "Zosia", "2", 0, 95, 2, Story.DATED, "Pamela Dyson", "Agnieszka Wilk", "C1"),
    Row("Jayden Marsh", "Jay", "1", 0, 300, 4, Story.SUBMITTED, "Robert Sykes", "Leanne Marsh"),
    Row("Ayaan Hussain", "", "1", 0, 20, 5, Story.APPROVED, "Nasreen Malik", "Tariq Hussain"),
    Row("Poppy Sandiford", "", "2", 1, 150, 2, Story.HELD, "Dawn Pickles", "Carl Sandiford", "V2"),
    Row("Kofi Asante", "", "1", 1, 280, 3, Story.APPROVED, "Efua Boateng", "Akosua Asante"),
    Row("Ruby-Mae Tate", "Ruby", "2", 2, 60, 4, Story.RETURNED, "Linda Crossley", "Stacey Tate"),
    Row("Luca Moretti", "", "1", 2, 190, 5, Story.NEXT_TERM, "Anne Holdsworth", "Paolo Moretti"),
    Row("Amelia Gill", "Millie", "2", 3, 330, 6, Story.DATED, "Harpreet Dhillon", "Jasvir Gill", "C1"),
    Row("Tyrone Walters", "Ty", "1", 3, 15, 2, Story.LOW_ATTENDANCE, "Beverley Francis", "Marcia Walters"),
    Row("Freya Lindqvist", "", "2", 3, 240, 6, Story.APPROVED, "Susan Barraclough", "Erik Lindqvist"),
    Row("Mohammed Rahman", "Mo", "1", 4, 110, 3, Story.LATE, "Shabana Begum", "Rokeya Rahman", "V2"),
    Row("Daisy Holroyd", "", "2", 4, 5, 5, Story.SUBMITTED, "Margaret Firth", "Dean Holroyd"),
    Row("Elijah Campbell", "Eli", "1", 5, 170, 4, Story.APPROVED, "Yvonne Grant", "Natalie Campbell"),
    Row("Hanna Petrenko", "", "2", 5, 260, 6, Story.NEW, "Iryna Shevchenko", "Olena Petrenko", "V2"),
    Row("Archie Pearson", "", "1", 5, 320, 3, Story.PUT_BACK, "Christine Lamb", "Gemma Pearson"),
    Row("Layla Mahmoud", "", "2", 6, 75, 2, Story.HELD, "Zainab Hashim", "Omar Mahmoud"),
    Row("Callum Rigby", "Cal", "1", 6, 200, 5, Story.SUSPENDED, "Trevor Illingworth", "Donna Rigby"),
    Row("Tia Robinson", "", "2", 7, 130, 7, Story.DATED, "Angela Stott", "Simone Robinson", "C1"),
    Row("Adam Nowicki", "", "1", 7, 290, 8, Story.APPROVED, "Barbara Lewandowska", "Piotr Nowicki"),
    Row("Keira Doyle", "", "2", 7, 30, 9, Story.LATE, "Maureen Brennan", "Shane Doyle", "V2"),
    Row("Jamal Thompson", "", "1", 8, 220, 7, Story.HELD, "Delroy Simmonds", "Paulette Thompson"),
    Row("Scarlett Ibbotson", "", "2", 8, 345, 8, Story.RETURNED, "Janet Naylor", "Wayne Ibbotson"),
    Row("Rohan Mistry", "", "1", 8, 90, 9, Story.NEXT_TERM, "Hansa Parmar", "Nilesh Mistry"),
    Row("Ellie-May Booth", "Ellie", "2", 9, 160, 7, Story.SUBMITTED, "Sheila Walton", "Tracy Booth"),
    Row("Dominik Horvath", "Dom", "1", 9, 10, 8, Story.SUSPENDED, "Keith Ramsden", "Monika Horvath"),
    Row("Chanel Brown", "", "2", 9, 250, 8, Story.NO_SCHOOL, "Patience Osei", "Lorraine Brown"),
    Row("Ethan Kershaw", "", "1", 10, 120, 9, Story.LOW_ATTENDANCE, "David Greaves", "Michelle Kershaw"),
    Row("Fatima Al-Sayed", "", "2", 10, 305, 7, Story.APPROVED, "Huda Karim", "Samir Al-Sayed"),
    Row("Kayden Loftus", "", "1", 10, 50, 10, Story.DATED, "Elaine Whiteley", "Kim Loftus"),
    Row("Mia Castellanos", "", "2", 10, 180, 8, Story.PUT_BACK, "Rosa Delgado", "Ana Castellanos"),
    Row("Liam O'Hara", "", "1", 11, 270, 10, Story.HELD, "Colm Fitzgerald", "Bridget O'Hara"),
    Row("Grace Mbeki", "", "2", 11, 35, 7, Story.APPROVED, "Thandi Nkosi", "Sipho Mbeki"),
    Row("Tomasz Zielinski", "Tomek", "1", 11, 140, 9, Story.NEW, "Halina Duda", "Ewa Zielinska", "V2"),
    Row("Yonas Tesfay", "", "1", 12, 340, 12, Story.LATE, "Selam Haile", "", "V2"),
    Row("Bethany Clough", "Beth", "2", 12, 225, 11, Story.SUBMITTED, "Carol Hanson", "Ian Clough"),
    Row("Reece Dawson", "", "1", 12, 315, 12, Story.HELD, "Norman Peel", "Jodie Dawson"),
    Row("Anh Tran", "", "2", 13, 350, 11, Story.APPROVED, "Linh Pham", "", "V2"),
    Row("Connor Bates", "", "1", 13, 355, 12, Story.LEFT_CARE, "Stella Mason", "Tina Bates"),
)


@dataclass(frozen=True, slots=True)
class Child:
    """A row placed relative to a day, with the keys of the staff round the child."""

    row: Row
    reference: str
    born_on: date
    upn: str
    school_urn: str
    social_worker: str
    caseworker: str
    reviewing_officer: str

    @property
    def key(self) -> str:
        """Return how the story names the child: the first name in lower case."""
        return self.row.name.split()[0].lower()


def _upn(digits: str) -> str:
    """Return the unique pupil number of twelve digits, its check letter first (authority 999 does not exist)."""
    total = sum(weight * int(digit) for weight, digit in enumerate(digits, start=2))
    return "ABCDEFGHJKLMNPQRTUVWXYZ"[total % 23] + digits


def children(today: date) -> tuple[Child, ...]:
    """Return the forty children as they are on `today`."""
    year = today.year if today.month >= 9 else today.year - 1
    placed = []
    for number, row in enumerate(ROWS):
        placed.append(
            Child(
                row=row,
                reference=f"{410207 + 37 * number}",
                born_on=date(year - row.group - 5, 9, 1) + timedelta(days=row.born),
                upn=_upn(f"999{4000 + row.school:04d}{(year - max(row.group, 0)) % 100:02d}{101 + 7 * number:03d}"),
                school_urn=SCHOOLS[row.school - 1].urn,
                social_worker=SOCIAL_WORKERS[number % len(SOCIAL_WORKERS)].key,
                caseworker=CASEWORKERS[number % len(CASEWORKERS)].key,
                reviewing_officer=REVIEWING_OFFICERS[(number // 2) % len(REVIEWING_OFFICERS)].key,
            )
        )
    return tuple(placed)
