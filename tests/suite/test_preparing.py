"""Making a home ready: filled once, never with invented people where real ones are, and again when it broke off."""

from __future__ import annotations

from pathlib import Path

import pytest

from suite.composition import everybody, runtime_for
from suite.demo.staff import EMPTY_HOME_STAFF
from suite.home import Home
from suite.preparing import prepare


@pytest.fixture
def home(tmp_path: Path) -> Home:
    home = Home(tmp_path / "home")
    home.make()
    home.remember(port=8600, smtp_port=2525)
    return home


def names(home: Home) -> set[str]:
    runtime = runtime_for(home)
    try:
        return {person.name for person in everybody(runtime)}
    finally:
        runtime.close()


def test_an_empty_home_holds_two_people_to_sign_in_as_and_is_ready(home: Home) -> None:
    prepare(home, empty=True)
    assert names(home) == {member.name for member in EMPTY_HOME_STAFF}
    assert home.is_ready()


def test_a_home_that_is_filled_is_left_as_it_is(home: Home) -> None:
    prepare(home, empty=True)
    before = (home.path / "pep.sqlite").read_bytes()
    prepare(home, empty=False)
    assert names(home) == {member.name for member in EMPTY_HOME_STAFF}
    assert (home.path / "pep.sqlite").read_bytes() == before


def test_a_filling_that_broke_off_starts_afresh(home: Home) -> None:
    prepare(home, empty=True)
    home.filling.touch()  # as if it had been killed
    (home.mail / "00001.eml").write_text("half a story")
    prepare(home, empty=True)
    assert names(home) == {member.name for member in EMPTY_HOME_STAFF}
    assert list(home.mail.glob("*.eml")) == []
    assert not home.filling.exists()


def test_nobody_invented_is_put_into_production(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PEP_SUITE_MODE", "production")
    prepare(home, empty=False)
    assert names(home) == set()
