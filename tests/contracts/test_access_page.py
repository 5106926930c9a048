"""`docs/access.md` says what the table says, and the services ask what the table answers."""

from __future__ import annotations

from pathlib import Path

import pytest

from maintenance.access_page import PAGE, page
from shared.contracts.permissions import PERMISSIONS, Deed, deed
from shared.contracts.roles import Role

REPOSITORY = Path(__file__).parents[2]


def row_of(text: str) -> list[str]:
    lines = page().splitlines()
    return next([cell.strip() for cell in line.split("|")[2:-1]] for line in lines if text in line)


def test_the_page_of_access_is_current() -> None:
    assert PAGE.read_text(encoding="utf-8") == page(), "run: python -m maintenance.access_page"


def test_every_action_has_a_row_and_every_role_a_column() -> None:
    assert all(f"`{action}` |" in page() for action in PERMISSIONS)
    assert len(row_of("`pep.child.read`")) == len(Role) + 1


def test_a_row_says_for_each_role_whom_it_is_about() -> None:
    *cells, emergency = row_of("`pep.plan.read`")
    told = dict(zip(Role, cells, strict=True))
    assert (told[Role.SOCIAL_WORKER], told[Role.VIRTUAL_SCHOOL_HEAD], told[Role.CHILD]) == ("team", "all", "")
    assert (emergency, row_of("`pep.plan.submit`")[-1]) == ("SW, TM, IRO, VSC", "")


@pytest.mark.parametrize(
    ("action", "kind"),
    [
        ("pep.plan.read", Deed.READ),
        ("pep.plan.submit", Deed.SIGN),
        ("virtual_school.cohort.export", Deed.EXPORT),
        ("pep.child.edit", Deed.WRITE),
    ],
)
def test_the_last_word_of_an_action_tells_what_kind_of_thing_it_is(action: str, kind: Deed) -> None:
    assert deed(action) is kind


def test_every_field_in_the_table_is_asked_for_somewhere() -> None:
    code = "\n".join(
        file.read_text(encoding="utf-8")
        for kind in ("*.py", "*.html")
        for file in (REPOSITORY / "services").rglob(kind)
    )
    fields = {name for permission in PERMISSIONS.values() for name in [*permission.fields, *permission.sealed]}
    assert [name for name in sorted(fields) if f'"{name}"' not in code and f"'{name}'" not in code] == []
