"""The page on security has every requirement of OWASP ASVS 5.0.0, levels 1 and 2, and names only what exists."""

from __future__ import annotations

import ast
import re
from collections import Counter
from functools import lru_cache
from pathlib import Path

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "security.md").read_text(encoding="utf-8")
STATES = ("met", "partly", "not met", "not applicable", "operator's")

SECTIONS = {
    1: "22 1111122223 112222222223 222 123",
    2: "122 112 12223 23",
    3: "3 113 12223 11222233 11122333 3 22333",
    4: "12233 23333 22 1222",
    5: "2 112333 113 222",
    6: "122 111111112222 11223333 112233 22222333 2223 33 2222",
    7: "222 1111 22 11222 223 22",
    8: "1233 1123 133 23",
    9: "111 1222",
    10: "22 223 22223 1111122222233333 22222 22 222",
    11: "2233 22233 11233 1222 23 23 33",
    12: "12233 11 22223",
    13: "2333 222223 2233 1222233",
    14: "22 12223333 122",
    15: "12233 12233 1222222 3333",
    16: "2 22222 2222 222 2223",
    17: "23 22223333 22",
}
"""The levels of the standard's requirements, by chapter and section, in the order of their numbers."""

ROW = re.compile(
    r"^\| (?P<number>\d+\.\d+\.\d+) \| (?P<level>\d) \| (?P<asks>[^|]+) \| (?P<state>[^|]+) \| (?P<why>[^|]+) \|$",
    re.MULTILINE,
)
NAMED = re.compile(
    r"`([\w./-]+/[\w./-]+\.\w+|pyproject\.toml|docker-compose\.yml|[\w-]+\.lock|\.dockerignore)(?:::(\w+))?`"
)
LINK = re.compile(r"\]\((?P<page>[\w/.-]*)(?:#(?P<place>[\w-]+))?\)")


def rows() -> list[re.Match[str]]:
    return list(ROW.finditer(PAGE))


@lru_cache
def defined_in(path: Path) -> frozenset[str]:
    nodes = ast.walk(ast.parse(path.read_text(encoding="utf-8")))
    return frozenset(
        node.name for node in nodes if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef))
    )


def levels() -> dict[str, str]:
    return {
        f"{chapter}.{section}.{number}": level
        for chapter, sections in SECTIONS.items()
        for section, levels in enumerate(sections.split(), start=1)
        for number, level in enumerate(levels, start=1)
    }


def test_every_requirement_of_levels_1_and_2_is_there_once_with_its_level() -> None:
    assert Counter(levels().values()) == {"1": 70, "2": 183, "3": 92}
    wanted = {number: level for number, level in levels().items() if level != "3"}
    assert Counter(row["number"] for row in rows()) == Counter(wanted.keys())
    assert {row["number"]: row["level"] for row in rows()} == wanted


def test_every_row_has_a_state_and_what_is_met_says_by_what() -> None:
    for row in rows():
        assert row["state"] in STATES, row["number"]
        assert row["why"].strip(), row["number"]
        if row["state"] == "met":
            shown = NAMED.search(row["why"]) or LINK.search(row["why"]) or row["number"] == "6.4.2"
            assert shown, f"{row['number']} is met, and names neither a test nor a place"


def test_everything_named_on_the_page_exists() -> None:
    missing = []
    named = NAMED.findall(PAGE)
    for name, part in named:
        path = ROOT / name
        if not path.is_file():
            missing.append(name)
        elif part and part not in defined_in(path):
            missing.append(f"{name}::{part}")
    assert len(named) > 150
    assert missing == []


def place_of(heading: str) -> str:
    return re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-")


def test_every_link_leads_somewhere() -> None:
    wrong = []
    for link in LINK.finditer(PAGE):
        path = ROOT / "docs" / (link["page"] or "security.md")
        headings = re.findall(r"^#+ (.+)$", path.read_text(encoding="utf-8"), re.MULTILINE) if path.is_file() else []
        if not path.is_file() or (link["place"] and link["place"] not in map(place_of, headings)):
            wrong.append(link[0])
    assert wrong == []


def test_the_summary_counts_the_rows() -> None:
    chapters: dict[str, Counter[str]] = {}
    for row in rows():
        chapters.setdefault(row["number"].partition(".")[0], Counter())[row["state"]] += 1
    told = re.findall(r"^\| V(\d+) [^|]+\| ([\d |]+) \|$", PAGE, re.MULTILINE)
    found = {number: [int(one) for one in counts.split("|")] for number, counts in told}
    assert found == {
        number: [*(counted[state] for state in STATES), counted.total()] for number, counted in chapters.items()
    }
    (whole,) = re.findall(r"^\| \*\*all\*\* \| ([\d |]+) \|$", PAGE, re.MULTILINE)
    assert [int(one) for one in whole.split("|")] == [sum(column) for column in zip(*found.values(), strict=True)]


def test_what_is_not_wholly_met_is_told_in_the_first_half_as_well() -> None:
    (told,) = re.findall(r"^## What is not met.*?^## ", PAGE, re.MULTILINE | re.DOTALL)
    open_ones = {row["number"] for row in rows() if row["state"] in ("partly", "not met")}
    assert open_ones == set(re.findall(r"\d+\.\d+\.\d+", told))
