"""What was typed when time was up is kept for whoever typed it, and offered again."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from urllib.parse import unquote

import pytest
from flask import Flask

from shared.contracts.roles import Role
from shared.kernel.clock import FixedClock
from shared.platform import kept_forms
from shared.platform.runtime import Runtime
from shared.platform.sessions import IDLE
from shared.testing.pages import check_page
from shared.testing.runtimes import add_person
from shared.testing.sessions import enter
from shared.testing.style_app import SPEC, make_style_app

TYPED = {"title": "Read <b>every</b> day", "needs": ["Books", "room"], "version": "3"}


class Desk:
    """The style app, ada signed in, and a page of hers that has been open for a while."""

    def __init__(self, home: Path) -> None:
        self.app: Flask
        self.runtime: Runtime
        self.app, self.runtime = make_style_app(home)
        add_person(self.runtime, SPEC, "dot", Role.DESIGNATED_TEACHER)
        self.client = self.app.test_client()
        self.client.get("/enter")
        self.token = self.find(self.client.get("/mine").text)

    @staticmethod
    def find(page: str) -> str:
        found = re.search(r'name="csrf_token" value="([^"]*)"', page)
        assert found is not None
        return found[1]

    def wait(self, time: timedelta) -> None:
        assert isinstance(self.runtime.clock, FixedClock)
        self.runtime.clock.set(self.runtime.clock.now() + time)

    def post_late(self, **typed: object) -> str:
        """Send a form after the session's end; return where it leads after signing in."""
        self.wait(IDLE + timedelta(seconds=1))
        answer = self.client.post("/mine", data={"csrf_token": self.token, "form_key": "k1", **typed})
        assert (answer.status_code, answer.location.partition("=")[0]) == (303, "/sign-in?next")
        assert "mine" not in self.app.extensions
        return unquote(answer.location.partition("=")[2])


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    desk = Desk(tmp_path)
    yield desk
    desk.runtime.close()


def test_a_form_that_comes_too_late_is_offered_again_and_saved_as_it_was_typed(desk: Desk) -> None:
    led_to = desk.post_late(**TYPED)
    assert led_to.startswith("/kept/")
    desk.client.get("/enter")
    answer = desk.client.get(led_to)
    shown = check_page(answer)
    assert "You were signed out before this was saved" in shown
    assert "Read <b>every</b> day" in shown
    assert desk.token not in answer.text
    main = answer.text[answer.text.index("<main") :]
    form = main[main.index('action="/mine"') : main.index("</form>")]
    pairs = re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)"', form)
    assert [value for name, value in pairs if name == "needs"] == ["Books", "room"]
    assert desk.client.post("/mine", data=_several(pairs)).location == "/done/1"
    assert desk.app.extensions["mine"]["version"] == "3"
    assert desk.client.get(led_to).location == "/"


def test_a_page_that_was_opened_meanwhile_loses_nothing_either(desk: Desk) -> None:
    desk.wait(IDLE + timedelta(seconds=1))
    assert desk.client.get("/mine").status_code == 303
    assert desk.post_late(**TYPED).startswith("/kept/")


def test_nobody_else_is_shown_what_was_typed(desk: Desk) -> None:
    led_to = desk.post_late(**TYPED)
    other = enter(desk.app.test_client(), desk.runtime, SPEC, "dot")
    assert other.get(led_to).location == "/"
    other.post(led_to + "/forget", data={"csrf_token": desk.find(other.get("/mine").text)})
    desk.client.get("/enter")
    assert desk.client.get(led_to).status_code == 200


def test_it_can_be_thrown_away_and_goes_by_itself(desk: Desk) -> None:
    led_to = desk.post_late(**TYPED)
    desk.client.get("/enter")
    desk.client.post(led_to + "/forget", data={"csrf_token": desk.find(desk.client.get("/mine").text)})
    assert desk.client.get(led_to).location == "/"
    desk.token = desk.find(desk.client.get("/mine").text)
    led_to = desk.post_late(**TYPED)
    desk.wait(kept_forms.KEPT_FOR)
    desk.client.get("/enter")
    assert desk.client.get(led_to).location == "/"


@pytest.mark.parametrize("typed", [{}, {"title": "  "}, {"title": "x" * (kept_forms.LONGEST + 1)}])
def test_an_empty_form_or_one_too_large_leads_back_to_its_page(desk: Desk, typed: dict[str, str]) -> None:
    assert desk.post_late(**typed) == "/mine"


def test_a_forged_form_is_not_kept(desk: Desk) -> None:
    desk.wait(IDLE + timedelta(seconds=1))
    answer = desk.client.post("/mine", data={**TYPED, "csrf_token": "guessed"})
    assert answer.status_code == 400
    with desk.runtime.database("pep").reading() as connection:
        assert connection.execute(kept_forms.KEPT.select()).all() == []


def test_only_the_last_few_are_kept(desk: Desk) -> None:
    with desk.runtime.database("pep").writing() as connection:
        for n in range(kept_forms.MOST + 2):
            now = desk.runtime.clock.now() + timedelta(seconds=n)
            kept_forms.keep(connection, "ada", "/mine", [("title", str(n))], now)
        assert len(connection.execute(kept_forms.KEPT.select()).all()) == kept_forms.MOST


def test_asking_how_long_a_session_lasts_does_not_make_it_longer_and_staying_does(desk: Desk) -> None:
    def left() -> int:
        answer = desk.client.get("/time-left")
        assert answer.json is not None
        return int(answer.json["seconds"])

    desk.wait(timedelta(minutes=20))
    assert [left(), left()] == [600, 600]
    stayed = desk.client.post("/time-left", data={"csrf_token": desk.token})
    assert stayed.json == {"seconds": 1800}
    desk.wait(IDLE + timedelta(seconds=1))
    assert left() == 0


def _several(pairs: list[tuple[str, str]]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for name, value in pairs:
        found.setdefault(name, []).append(value.replace("&lt;", "<").replace("&gt;", ">"))
    return found
