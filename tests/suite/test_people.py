"""Finding one of the people by what somebody types, and listing them."""

from __future__ import annotations

from pathlib import Path

import pytest

from shared.contracts.roles import Role
from shared.platform.roster import Person
from suite.demo.children import ROWS
from suite.demo.personas import NOTES
from suite.demo.staff import STAFF
from suite.home import Refusal
from suite.people import find, introduction, listing


def person(identity: str, name: str, *kinds: Role) -> Person:
    return Person(identity, "northmoor", name, f"{identity}@people.example", frozenset(kinds), "Northmoor Council")


PEOPLE = [
    person("id-1", "Amina Yusuf", Role.SOCIAL_WORKER),
    person("id-2", "Amina Yusufzai", Role.DESIGNATED_TEACHER),
    person("id-3", "Seán O'Brien", Role.IRO),
    person("id-4", "Grace Eze"),
]


@pytest.mark.parametrize(
    ("typed", "found"),
    [
        ("Amina Yusuf", "id-1"),
        ("amina  yusuf ", "id-1"),
        ("yusufz", "id-2"),
        ("O'BRIEN", "id-3"),
        ("id-4", "id-4"),
    ],
)
def test_a_person_is_found_by_full_name_unique_part_or_id(typed: str, found: str) -> None:
    assert find(PEOPLE, typed).id == found


def test_an_ambiguous_name_lists_who_it_may_be() -> None:
    with pytest.raises(Refusal) as refusal:
        find(PEOPLE, "amina")
    assert "Amina Yusuf (" in str(refusal.value)
    assert "Amina Yusufzai (" in str(refusal.value)
    assert "Grace" not in str(refusal.value)
    assert "\n" not in str(refusal.value)


@pytest.mark.parametrize("typed", ["Nobody", "", "   "])
def test_an_unknown_name_says_where_to_look(typed: str) -> None:
    with pytest.raises(Refusal, match=r"\./run people"):
        find(PEOPLE, typed)


def test_the_listing_shows_everybody_once_by_role() -> None:
    told = listing(PEOPLE)
    for someone in PEOPLE:
        assert told.count(someone.id) == 1
    assert told.index("Social worker") < told.index("Amina Yusuf ")
    assert "None" not in told


def test_the_introduction_gives_the_address_and_people_to_sign_in_as(tmp_path: Path) -> None:
    told = introduction(PEOPLE, "http://127.0.0.1:8601", tmp_path)
    assert "http://127.0.0.1:8601/" in told
    assert "Amina Yusuf" in told
    assert str(tmp_path) in told


def test_only_a_home_with_the_whole_story_says_what_each_person_will_find(tmp_path: Path) -> None:
    assert "meetings to arrange" not in introduction(PEOPLE, "http://127.0.0.1:8600", tmp_path)
    cast = [person(name, name, Role.SOCIAL_WORKER) for name in NOTES]
    assert f"Amina Yusuf       Social worker: {NOTES['Amina Yusuf']}" in introduction(cast, "http://x", tmp_path)


def test_whom_the_introduction_names_is_in_the_invented_authority() -> None:
    names = {member.name for member in STAFF} | {name for row in ROWS for name in (row.name, row.carer, row.parent)}
    assert set(NOTES) <= names
