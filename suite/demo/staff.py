"""The schools and the staff of Northmoor Council. All invented; the URNs are outside the range in use."""

from __future__ import annotations

from dataclasses import dataclass

from shared.contracts.roles import Role

COUNCIL = "Northmoor Council"
VIRTUAL_SCHOOL = "Northmoor Virtual School"


@dataclass(frozen=True, slots=True)
class School:
    """A school; `phase` in the words of the national register."""

    urn: str
    name: str
    phase: str
    town: str
    domain: str


@dataclass(frozen=True, slots=True)
class Staff:
    """A member of staff; `key` is how the story names them."""

    key: str
    name: str
    role: Role
    organisation: str
    email: str
    school_urn: str | None = None


SCHOOLS = (
    School("990001", "Little Acorns Nursery School", "Nursery", "Northmoor", "littleacorns.example"),
    School("990002", "Alder Bank Primary School", "Primary", "Northmoor", "alderbank.example"),
    School("990003", "St Wilfrid's Catholic Primary School", "Primary", "Northmoor", "stwilfrids.example"),
    School("990004", "Millbrook Primary Academy", "Primary", "Millbrook", "millbrook.example"),
    School("990005", "Castle Hill Primary School", "Primary", "Carrow", "castlehill.example"),
    School("990006", "Riverside Primary School", "Primary", "Carrow", "riverside.example"),
    School("990007", "Oakfield Academy", "Secondary", "Northmoor", "oakfield.example"),
    School("990008", "Northmoor High School", "Secondary", "Northmoor", "northmoorhigh.example"),
    School("990009", "St Aidan's Church of England School", "Secondary", "Millbrook", "staidans.example"),
    School("990010", "Kestrel Park School", "Secondary", "Carrow", "kestrelpark.example"),
    School("990011", "Moorgate Sixth Form College", "16 plus", "Northmoor", "moorgate.example"),
    School("990012", "Eastdale College", "16 plus", "Eastdale", "eastdale.example"),
)


def _council(key: str, name: str, role: Role, organisation: str = COUNCIL) -> Staff:
    return Staff(key, name, role, organisation, f"{name.lower().replace(' ', '.')}@northmoor.example")


def _teacher(school: School, name: str) -> Staff:
    address = f"{name.lower().replace(' ', '.').replace(chr(39), '')}@{school.domain}"
    return Staff(f"dt-{school.urn}", name, Role.DESIGNATED_TEACHER, school.name, address, school.urn)


HEAD = _council("head", "Helen Okafor", Role.VIRTUAL_SCHOOL_HEAD, VIRTUAL_SCHOOL)
CASEWORKERS = (
    _council("vs1", "Tom Ashworth", Role.VIRTUAL_SCHOOL_CASEWORKER, VIRTUAL_SCHOOL),
    _council("vs2", "Priya Raman", Role.VIRTUAL_SCHOOL_CASEWORKER, VIRTUAL_SCHOOL),
    _council("vs3", "Gareth Bevan", Role.VIRTUAL_SCHOOL_CASEWORKER, VIRTUAL_SCHOOL),
)
SOCIAL_WORKERS = (
    _council("sw1", "Amina Yusuf", Role.SOCIAL_WORKER),
    _council("sw2", "Daniel Price", Role.SOCIAL_WORKER),
    _council("sw3", "Chloe Bennett", Role.SOCIAL_WORKER),
    _council("sw4", "Kwame Mensah", Role.SOCIAL_WORKER),
    _council("sw5", "Siobhan Reilly", Role.SOCIAL_WORKER),
)
TEAM_MANAGER = _council("manager", "Marcus Hall", Role.TEAM_MANAGER)
REVIEWING_OFFICERS = (
    _council("iro1", "Ruth Feldman", Role.IRO),
    _council("iro2", "Anil Kapoor", Role.IRO),
    _council("iro3", "Bronwen Hughes", Role.IRO),
)
TEACHERS = tuple(
    _teacher(school, name)
    for school, name in zip(
        SCHOOLS,
        (
            "Marta Kowalska",
            "James Thornton",
            "Bernadette Quinn",
            "Imran Siddiqui",
            "Lucy Haworth",
            "Olu Adebayo",
            "Sarah Whitfield",
            "Peter Nowak",
            "Joanna Clegg",
            "Leon Baptiste",
            "Farah Aziz",
            "Neil Sutcliffe",
        ),
        strict=True,
    )
)
STAFF = (HEAD, *CASEWORKERS, *SOCIAL_WORKERS, TEAM_MANAGER, *REVIEWING_OFFICERS, *TEACHERS)
EMPTY_HOME_STAFF = (HEAD, SOCIAL_WORKERS[0])
