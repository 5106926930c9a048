"""Every macro's page is sound; forms keep what was typed; errors say what to do."""

import re
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient
from jinja2 import UndefinedError

from shared.contracts.roles import Role
from shared.platform.access import Actor
from shared.platform.web.forms import FormState
from shared.platform.web.navigation import bar
from shared.testing.pages import check_page
from shared.testing.style_app import make_style_app


@pytest.fixture
def app(tmp_path: Path) -> Flask:
    return make_style_app(tmp_path)[0]


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    client = app.test_client()
    client.get("/enter")
    return client


def hidden(page: str, name: str) -> str:
    found = re.search(rf'name="{name}" value="([^"]*)"', page)
    assert found is not None
    return found[1]


def keys(client: FlaskClient) -> dict[str, str]:
    page = client.get("/style").text
    return {name: hidden(page, name) for name in ("csrf_token", "form_key", "version")}


GOOD = {
    "title": "Read every day",
    "subject": "English",
    "who": "tutor",
    "agreed": "yes",
    "by-day": "7",
    "by-month": "12",
    "by-year": "2026",
    "cost": "250",
    "sessions": "6",
}


def test_the_page_of_every_macro_is_sound(client: FlaskClient) -> None:
    text = check_page(client.get("/style"))
    for words in ("Monday 7 December 2026", "20 November 2026 at 2:30pm", "Not recorded", "Waiting for Mr Hale", "86%"):
        assert words in text


def test_the_frame_names_the_authority_the_product_and_the_person(client: FlaskClient) -> None:
    page = client.get("/style").text
    assert "<title>Style – Personal Education Plans – Northmoor Council</title>" in page
    assert "Ada Fenwick" in page
    assert "crown" not in page.lower()


@pytest.mark.parametrize(
    ("kind", "places"),
    [
        (Role.SOCIAL_WORKER, ["My work", "Children", "Meetings", "Virtual School"]),
        (Role.TEAM_MANAGER, ["My work", "Children", "People", "Records", "Meetings", "Virtual School"]),
        (Role.CARER, ["My work", "Children", "Meetings"]),
        (Role.CHILD, ["My work", "Meetings"]),
    ],
)
def test_the_bar_has_the_places_that_the_policy_lets_a_kind_of_person_into(
    app: Flask, kind: Role, places: list[str]
) -> None:
    with app.test_request_context("/style"):
        someone = Actor("x", "X", frozenset({kind}), "", "northmoor")
        assert [link["text"] for link in bar(someone)] == places
        assert bar(None) == []


def test_the_row_marks_the_page_one_is_on(client: FlaskClient) -> None:
    page = client.get("/style").text
    assert 'aria-current="page"' in page[page.index("suite-sub-navigation") :]


def test_nobody_signed_in_sees_no_places(app: Flask) -> None:
    page = app.test_client().get("/style").text
    check_page(page)
    assert 'aria-label="Main"' not in page
    assert "Sign out" not in page


def test_a_refused_form_shows_linked_errors_and_keeps_everything_typed(client: FlaskClient) -> None:
    typed = {**GOOD, "title": "", "by-day": "31", "by-month": "2", "cost": "a lot", "strengths": "Likes <maths> & art"}
    answer = client.post("/style", data={**typed, "needs": ["Books"], **keys(client)})
    assert answer.status_code == 422
    text = check_page(answer)
    assert answer.text.index("<title>Error: Style") > 0
    assert "Enter target" in text
    assert "By when must be a real date" in text
    assert "Likes &lt;maths&gt; &amp; art</textarea>" in answer.text
    for kept in ('value="31"', 'value="a lot"', 'value="6"'):
        assert kept in answer.text
    assert re.search(r'value="Books"[^>]*checked', answer.text)
    assert re.search(r'value="English"[^>]*selected', answer.text)
    assert re.search(r'value="tutor"[^>]*checked', answer.text)
    assert 'href="#title"' in answer.text
    assert 'id="by"' in answer.text


def test_a_refused_form_can_be_mended_and_sent_again(client: FlaskClient) -> None:
    answer = client.post("/style", data={**GOOD, "title": "", **keys(client)})
    mended = {name: hidden(answer.text, name) for name in ("csrf_token", "form_key")}
    assert client.post("/style", data={**GOOD, **mended}).status_code == 303


def test_the_same_form_key_can_be_sent_again_after_a_refusal(client: FlaskClient) -> None:
    same = keys(client)
    assert client.post("/style", data={**GOOD, "title": "", **same}).status_code == 422
    assert client.post("/style", data={**GOOD, **same}).status_code == 303


def test_a_form_sent_twice_works_once_and_leads_to_the_first_result(client: FlaskClient, app: Flask) -> None:
    same = keys(client)
    answers = [client.post("/style", data={**GOOD, **same}) for _ in range(3)]
    assert [answer.status_code for answer in answers] == [303, 303, 303]
    assert {answer.location for answer in answers} == {"/done/1"}
    assert app.extensions["saved"] == 1


def test_a_form_sent_twice_works_once_even_after_a_restart(client: FlaskClient, tmp_path: Path) -> None:
    same = keys(client)
    assert client.post("/style", data={**GOOD, **same}).location == "/done/1"
    cookie = client.get_cookie("pep_suite")
    assert cookie is not None
    (tmp_path / "again").mkdir()
    restarted, _ = make_style_app(tmp_path / "again")
    second = restarted.test_client()
    second.set_cookie("pep_suite", cookie.value)
    assert second.post("/style", data={**GOOD, **same}).location == "/done/1"
    assert "saved" not in restarted.extensions


def test_two_different_forms_both_work(client: FlaskClient, app: Flask) -> None:
    for _ in range(2):
        client.post("/style", data={**GOOD, **keys(client)})
    assert app.extensions["saved"] == 2


def test_what_an_address_does_not_do_is_said_with_what_it_does(client: FlaskClient) -> None:
    answer = client.post("/done/1")
    assert (answer.status_code, answer.headers["Allow"]) == (405, "GET, HEAD, OPTIONS")
    assert "That cannot be done here" in check_page(answer)


@pytest.mark.parametrize(
    ("path", "status", "words"),
    [
        ("/nowhere", 404, "Page not found"),
        ("/refuse/taken", 409, "Somebody else has just taken this time. Choose another."),
        ("/refuse/stale", 412, "Someone else changed the target."),
        ("/refuse/anything", 500, "What you saved earlier is safe."),
    ],
)
def test_an_error_is_a_sound_page_that_says_what_to_do(client: FlaskClient, path: str, status: int, words: str) -> None:
    answer = client.get(path)
    assert answer.status_code == status
    assert words in check_page(answer)
    assert "Traceback" not in answer.text
    assert "ZeroDivisionError" not in answer.text


def test_a_failure_gives_a_reference_and_no_detail(client: FlaskClient) -> None:
    assert re.search(r"reference: [0-9a-f-]{36}", check_page(client.get("/refuse/anything")))


def test_an_edit_that_lost_the_race_shows_what_was_typed(client: FlaskClient) -> None:
    answer = client.post("/refuse/stale", data={"strengths": "Reads with his carer", **keys(client)})
    assert answer.status_code == 412
    assert "Reads with his carer" in check_page(answer)


def test_a_form_left_open_too_long_shows_what_was_typed(client: FlaskClient) -> None:
    answer = client.post("/style", data={**GOOD, "strengths": "A long text"})
    assert answer.status_code == 400
    text = check_page(answer)
    assert "This form has been open for too long" in text
    assert "A long text" in text


def test_a_body_over_the_limit_is_refused_in_words(client: FlaskClient) -> None:
    answer = client.post("/style", data={"strengths": "x" * (17 * 1024 * 1024)})
    assert answer.status_code == 413
    assert "at most 16 MB" in check_page(answer)


def test_a_misspelt_name_in_a_template_is_a_failure_but_an_absent_key_is_not(app: Flask) -> None:
    with app.test_request_context():
        assert app.jinja_env.from_string("[{{ thing.colour }}]").render(thing={}) == "[]"
        with pytest.raises(UndefinedError):
            app.jinja_env.from_string("{{ thnig }}").render(thing={})


def test_none_is_shown_as_nothing(app: Flask) -> None:
    assert app.jinja_env.from_string("[{{ thing }}]").render(thing=None) == "[]"


def test_what_people_write_is_escaped_in_every_macro(app: Flask) -> None:
    attack = '"><script>alert(1)</script>'
    template = """
    {% from "suite/card.html" import suiteCard %}{% from "suite/table.html" import suiteTable %}
    {% from "suite/timeline.html" import suiteTimeline %}{% from "suite/work_list.html" import suiteWorkList %}
    {% from "suite/compare.html" import suiteCompare %}{% from "suite/form.html" import suiteField %}
    {% from "suite/banner.html" import suiteBanner %}{% from "suite/deadline.html" import suiteDeadline %}
    {{ suiteCard(x, [{"key": x, "value": x}]) }}{{ suiteTable(x, [x], [[x], [{"text": x, "href": x}]]) }}
    {{ suiteTimeline([{"title": x, "by": x, "text": x}]) }}
    {{ suiteWorkList([{"what": x, "why": x, "child": x, "tag": x}]) }}
    {{ suiteCompare([{"label": x, "theirs": x, "yours": x}], who=x) }}{{ suiteBanner(x) }}
    {{ suiteDeadline(x, none, rule=x, why=x, source=x, state=x) }}
    {% for type in ("text", "textarea", "select", "radios", "checkboxes", "date", "money") %}
    {{ suiteField({"key": "k", "label": x, "hint": x, "type": type, "options": [x]}, form) }}{% endfor %}
    """
    forms = FormState.saved({"k": attack}), FormState({"k": attack, "k-day": attack}, {"k": [attack]})
    for state in forms:
        with app.test_request_context():
            page = app.jinja_env.from_string(template).render(x=attack, form=state)
        assert "<script>" not in page
        assert page.count("&lt;script&gt;") > 20


def test_a_template_is_compiled_once_for_all_apps_of_a_process(app: Flask, tmp_path: Path) -> None:
    (tmp_path / "second").mkdir()
    second, _ = make_style_app(tmp_path / "second")
    codes = {one.jinja_env.get_template("suite/form.html").root_render_func.__code__ for one in (app, second)}
    assert len(codes) == 1
