"""The bridge between schemas and forms: what is read, what is said to be wrong, what is kept."""

from datetime import date, time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from marshmallow import RAISE, Schema, ValidationError, fields, validate
from werkzeug.datastructures import MultiDict

from shared.platform.web.fields import ClockTime, Day, Pence, Text, Typed, Whole, YesNo
from shared.platform.web.forms import FormState, read_form


class Meeting(Schema):
    place = Text(required=True, longest=20, metadata={"label": "Place"})
    note = Text(load_default="")
    plain = fields.String()
    on = Day(required=True, metadata={"label": "Meeting date"})
    at = ClockTime(metadata={"label": "Time"})
    cost = Pence(metadata={"label": "Cost"})
    number = Whole(metadata={"label": "Number of sessions"})
    online = YesNo(metadata={"label": "Is it online"})
    who = fields.List(fields.String(validate=validate.OneOf(["carer", "parent"])), metadata={"label": "Who comes"})
    mode = fields.String(validate=validate.OneOf(["a", "b"]), metadata={"label": "Way to meet", "select": True})
    count = fields.Integer(metadata={"label": "Count"})


GOOD = {"place": "Town hall", "on-day": "7", "on-month": "12", "on-year": "2026"}


def read(**typed: Any) -> tuple[dict[str, Any], dict[str, list[str]]]:
    names = {key.replace("_", "-") if key.startswith("on_") else key: value for key, value in typed.items()}
    return read_form(Meeting(), MultiDict({**GOOD, **names}))


def test_a_good_form_is_read_into_values() -> None:
    values, errors = read(
        at="2:30pm", cost="£1,250.5", number="12", online="yes", who=["carer", "parent"], mode="a", csrf_token="x"
    )
    assert errors == {}
    assert values == {
        "place": "Town hall",
        "note": "",
        "on": date(2026, 12, 7),
        "at": time(14, 30),
        "cost": 125050,
        "number": 12,
        "online": True,
        "who": ["carer", "parent"],
        "mode": "a",
    }


def test_an_empty_box_is_missing_and_the_message_says_what_to_enter() -> None:
    values, errors = read_form(Meeting(), MultiDict({"place": "   ", "mode": ""}))
    assert errors == {"place": ["Enter place"], "on": ["Enter meeting date"]}
    assert values == {"note": ""}


def test_a_choice_is_asked_for_with_select() -> None:
    class Choice(Schema):
        mode = fields.String(required=True, metadata={"label": "Way to meet", "select": True})

    assert read_form(Choice(), MultiDict())[1] == {"mode": ["Select way to meet"]}


def test_an_option_that_was_never_offered_is_refused() -> None:
    assert read(mode="z")[1] == {"mode": ["Select way to meet from the list"]}
    assert read(who=["carer", "stranger"])[1] == {"who": ["Select who comes from the list"]}


def test_errors_stand_in_the_order_of_the_fields() -> None:
    _, errors = read(place="", on_day="", on_month="", on_year="", cost="lots", number="4.5")
    assert list(errors) == ["place", "on", "cost", "number"]


@pytest.mark.parametrize(
    ("day", "month", "year", "message"),
    [
        ("", "12", "2026", "Meeting date must include a day"),
        ("7", "", "", "Meeting date must include a month and a year"),
        ("31", "2", "2026", "Meeting date must be a real date"),
        ("29", "2", "2027", "Meeting date must be a real date"),
        ("7", "12", "26", "Meeting date must have a year of four digits, like 2026"),
        ("7", "-2", "2026", "Meeting date must be a real date"),
        ("٧", "12", "2026", "Meeting date must be a real date"),
        ("7", "13", "2026", "Meeting date must be a real date"),
    ],
)
def test_a_date_that_is_not_one_says_what_is_wrong_with_it(day: str, month: str, year: str, message: str) -> None:
    assert read(on_day=day, on_month=month, on_year=year)[1] == {"on": [message]}


@pytest.mark.parametrize("month", ["Dec", "december", "12"])
def test_a_month_may_be_written_in_words(month: str) -> None:
    assert read(on_month=month)[0]["on"] == date(2026, 12, 7)


@pytest.mark.parametrize(
    ("typed", "pence"), [("250", 25000), ("£250", 25000), ("1,250.50", 125050), ("0.5", 50), ("£ 12.00", 1200)]
)
def test_pounds_typed_into_a_form_are_pence(typed: str, pence: int) -> None:
    assert read(cost=typed)[0]["cost"] == pence


@pytest.mark.parametrize("typed", ["-5", "12.345", "1,25", "1e3", "2O0", "250 pence", "٢٥"])
def test_money_that_is_not_an_amount_is_refused(typed: str) -> None:
    assert read(cost=typed)[1] == {"cost": ["Cost must be an amount in pounds, like 250 or 250.50"]}


@pytest.mark.parametrize(
    ("typed", "expected"),
    [
        ("2:30pm", time(14, 30)),
        ("2.30 PM", time(14, 30)),
        ("14:30", time(14, 30)),
        ("9am", time(9)),
        ("12am", time(0)),
        ("12pm", time(12)),
        ("midday", time(12)),
        ("00:05", time(0, 5)),
    ],
)
def test_a_time_may_be_written_as_people_do(typed: str, expected: time) -> None:
    assert read(at=typed)[0]["at"] == expected


@pytest.mark.parametrize("typed", ["25:00", "13pm", "0am", "14", "2:60pm", "half past two", "14:3"])
def test_a_time_that_is_not_one_is_refused(typed: str) -> None:
    assert read(at=typed)[1] == {"at": ["Time must be a time, like 2:30pm or 14:30"]}


@pytest.mark.parametrize("typed", ["４０", "1_000", "40.9", "1e2", " 7 x"])
def test_a_number_is_digits_only(typed: str) -> None:
    assert list(read(number=typed)[1]) == ["number"]


def test_a_character_that_cannot_be_stored_is_refused_in_any_text() -> None:
    for name in ("place", "note", "plain", "mode"):
        assert list(read(**{name: "a\x00b"})[1]) == [name]
    assert list(read(who=["carer", "par\x00ent"])[1]) == ["who"]
    assert list(read(on_day="7\x00")[1]) == ["on"]


def test_a_text_that_is_too_long_says_how_long_it_may_be() -> None:
    assert read(place="x" * 21)[1] == {"place": ["Place must be 20 characters or fewer"]}
    assert read(note="x" * 20_001)[1] == {"note": ["Note must be 20,000 characters or fewer"]}


def test_line_ends_are_made_one_kind() -> None:
    assert read(note="one\r\ntwo\rthree")[0]["note"] == "one\ntwo\nthree"


def test_fields_nobody_asked_for_are_ignored() -> None:
    values, errors = read(approved="yes", id="7")
    assert errors == {}
    assert set(values) == {"place", "note", "on"}


@pytest.mark.parametrize(
    "body",
    [
        {"cost": "250"},
        {"cost": 2.5},
        {"cost": True},
        {"cost": -1},
        {"number": "12"},
        {"number": 40.9},
        {"number": True},
        {"online": "yes"},
        {"online": 1},
        {"on": "20261207"},
        {"on": "2026-12-32"},
        {"on": 20261207},
        {"at": 1430},
        {"place": 7},
        {"place": "a\ud800"},
        {"place": "a\x00"},
    ],
)
def test_json_of_the_wrong_kind_is_refused(body: dict[str, Any]) -> None:
    whole = {"place": "Town hall", "on": "2026-12-07"} | body
    with pytest.raises(ValidationError):
        Meeting().load(whole, unknown=RAISE)


def test_the_same_schema_reads_json_of_the_right_kind() -> None:
    body = {"place": "Town hall", "on": "2026-12-07", "cost": 25050, "number": 3, "online": False, "at": "14:30"}
    loaded = Meeting().load(body)
    assert loaded == {**body, "on": date(2026, 12, 7), "at": time(14, 30), "note": ""}


@given(st.integers(min_value=0, max_value=10**9))
def test_pence_shown_in_a_form_are_read_back_as_the_same(pence: int) -> None:
    shown = FormState.saved({"cost": pence}).money("cost")
    assert Pence().deserialize(Typed(shown)) == pence


@given(st.dates(min_value=date(1000, 1, 1)))
def test_a_date_shown_in_a_form_is_read_back_as_the_same(day: date) -> None:
    form = FormState.saved({"on": day})
    assert Day().deserialize({part: form.part("on", part) for part in ("day", "month", "year")}) == day


@given(st.times().map(lambda moment: moment.replace(second=0, microsecond=0)))
def test_a_time_shown_in_a_form_is_read_back_as_the_same(moment: time) -> None:
    assert ClockTime().deserialize(Typed(FormState.saved({"at": moment}).text("at"))) == moment


@given(
    st.dictionaries(st.sampled_from(["place", "note", "on-day", "on-month", "on-year", "at", "cost", "who"]), st.text())
)
def test_nothing_typed_breaks_the_bridge(typed: dict[str, str]) -> None:
    values, errors = read_form(Meeting(), MultiDict(typed))
    assert set(values).isdisjoint(errors)


def test_the_summary_links_each_error_to_its_field() -> None:
    form = FormState({}, {"on": ["Enter meeting date"], "": ["The room is taken"]})
    assert form.summary == [
        {"text": "Enter meeting date", "href": "#on"},
        {"text": "The room is taken", "href": ""},
    ]


def test_a_form_without_its_version_asks_to_load_the_page_again() -> None:
    summary = FormState({}, {"version": ["Enter version"], "place": ["Enter place"]}).summary
    assert [one["href"] for one in summary] == [""]
    assert "Load it again" in summary[0]["text"]


def test_choices_are_marked_as_chosen() -> None:
    form = FormState.saved({"who": ["parent"], "online": False})
    offered = form.choices({"key": "who", "options": ["carer", "parent"]})
    assert [(one["value"], one["checked"]) for one in offered] == [("carer", False), ("parent", True)]
    yes_no = form.choices({"key": "online", "type": "yes_no"})
    assert [(one["value"], one["checked"]) for one in yes_no] == [("yes", False), ("no", True)]
