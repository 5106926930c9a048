from __future__ import annotations

import copy
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.pep.adapters.form_files import FORMS, current_version, form_of, read_json
from services.pep.domain.form_reading import FaultyForm, read_answers, read_form_definition
from services.pep.domain.forms import FieldType, Form, Heading, as_code, carried_over, headings_answered, missing
from shared.contracts.roles import Role

PHASES = ("early_years", "primary", "secondary", "post_16")


def filled(form: Form) -> dict[str, dict[str, Any]]:
    samples = {
        FieldType.TEXT: "words",
        FieldType.TEXTAREA: "More words",
        FieldType.YES_NO: True,
        FieldType.DATE: "2026-12-07",
        FieldType.NUMBER: 12,
        FieldType.MONEY: 25000,
    }
    return {
        section.key: {f.key: f.options[0][0] if f.options else samples[f.type] for f in section.fields}
        for section in form.sections
    }


@pytest.mark.parametrize("phase", PHASES)
def test_every_phase_has_a_form_that_answers_each_heading_of_schedule_1_paragraph_2(phase: str) -> None:
    form = form_of(phase, current_version())
    assert headings_answered(form, {}) == frozenset()
    assert headings_answered(form, filled(form)) == frozenset(Heading)
    assert missing(form, filled(form)) == []


@pytest.mark.parametrize("phase", PHASES)
def test_history_covers_settings_attendance_conduct_achievements_and_special_needs(phase: str) -> None:
    form = form_of(phase, current_version())
    keys = {f.key for s in form.sections for f in s.fields if f.heading is Heading.HISTORY and f.required}
    assert {"settings_attended", "attendance_percent", "conduct", "achievements", "sen_status"} <= keys


@pytest.mark.parametrize("phase", PHASES)
def test_school_social_worker_and_carer_each_own_sections(phase: str) -> None:
    owners = {section.owner for section in form_of(phase, current_version()).sections}
    assert {Role.SOCIAL_WORKER, Role.DESIGNATED_TEACHER, Role.CARER} <= owners


def test_a_missing_answer_names_section_field_owner_and_heading() -> None:
    form = form_of("primary", current_version())
    answers = filled(form)
    answers["leisure"]["interests"] = "   "
    (gap,) = missing(form, answers)
    assert (gap.section.key, gap.field.key, gap.owner) == ("leisure", "interests", Role.SOCIAL_WORKER)
    assert gap.heading is Heading.LEISURE
    assert Heading.LEISURE not in headings_answered(form, answers)


def test_no_and_nought_are_answers() -> None:
    form = form_of("primary", current_version())
    answers = filled(form)
    answers["planned_changes"] = {"change_planned": False}
    answers["attendance"] |= {"attendance_percent": 0}
    assert missing(form, answers) == []


@pytest.mark.parametrize(("status", "asked"), [("none", set()), ("support", {"sen_needs", "sen_provision"})])
def test_a_condition_asks_only_when_it_applies(status: str, asked: set[str]) -> None:
    form = form_of("secondary", current_version())
    answers = filled(form)
    answers["sen"] = {"sen_status": status}
    assert {gap.field.key for gap in missing(form, answers)} == asked


@given(data=st.data(), phase=st.sampled_from(PHASES))
def test_a_heading_is_answered_exactly_when_nothing_required_under_it_is_missing(
    data: st.DataObject, phase: str
) -> None:
    form = form_of(phase, current_version())
    answers = filled(form)
    for section in form.sections:
        for field in section.fields:
            if data.draw(st.integers(0, 9)) == 0:
                answers[section.key][field.key] = None
    still_open = {
        f.heading
        for section in form.sections
        for f in section.fields
        if f.heading and answers[section.key][f.key] is None and f.is_required(answers[section.key])
    }
    assert headings_answered(form, answers) == set(Heading) - still_open


def definition() -> tuple[dict[str, Any], dict[str, Any]]:
    folder = FORMS / current_version()
    return copy.deepcopy(read_json(folder / "primary.json")), copy.deepcopy(read_json(folder / "shared.json"))


def drop_leisure(form: dict[str, Any], shared: dict[str, Any]) -> None:
    form["sections"].remove("leisure")


def unknown_owner(form: dict[str, Any], shared: dict[str, Any]) -> None:
    shared["leisure"]["owner"] = "neighbour"


def unknown_type(form: dict[str, Any], shared: dict[str, Any]) -> None:
    shared["leisure"]["fields"][0]["type"] = "drawing"


def condition_on_nothing(form: dict[str, Any], shared: dict[str, Any]) -> None:
    shared["sen"]["fields"][1]["required_when"]["field"] = "not_there"


def condition_cannot_come_true(form: dict[str, Any], shared: dict[str, Any]) -> None:
    shared["sen"]["fields"][1]["required_when"]["values"] = ["sometimes"]


def same_key_twice(form: dict[str, Any], shared: dict[str, Any]) -> None:
    shared["leisure"]["fields"][1]["key"] = "interests"


def not_in_shared(form: dict[str, Any], shared: dict[str, Any]) -> None:
    form["sections"].append("hobbies")


def misspelt(form: dict[str, Any], shared: dict[str, Any]) -> None:
    shared["leisure"]["fields"][0]["requird"] = True


def choice_without_options(form: dict[str, Any], shared: dict[str, Any]) -> None:
    del shared["sen"]["fields"][0]["options"]


@pytest.mark.parametrize(
    ("break_it", "said"),
    [
        (drop_leisure, "no required field answers “leisure”"),
        (unknown_owner, "“neighbour” is not a role"),
        (unknown_type, "drawing"),
        (condition_on_nothing, "required_when names “not_there”"),
        (condition_cannot_come_true, "values that “sen_status” cannot take"),
        (same_key_twice, "“interests” comes twice"),
        (not_in_shared, "names “hobbies”, which shared.json does not hold"),
        (misspelt, "unknown requird"),
        (choice_without_options, "a choice needs options"),
    ],
)
def test_a_faulty_form_is_refused_with_its_place_and_fault(break_it: Any, said: str) -> None:
    form, shared = definition()
    break_it(form, shared)
    with pytest.raises(FaultyForm, match=r"primary\.json") as caught:
        read_form_definition(form, shared, "primary.json")
    assert said in str(caught.value)


def test_answers_from_a_page_are_read_by_type() -> None:
    form = form_of("primary", current_version())
    premium, sen = form.section("pupil_premium"), form.section("sen")
    assert premium is not None
    assert sen is not None
    values, errors = read_answers(premium, {"spent_last_term": "£1,250.50", "impact": "  Reads daily\r\nat home "})
    assert (values["spent_last_term"], values["impact"], values["spent_on"]) == (125050, "Reads daily\nat home", None)
    assert errors == {}
    values, errors = read_answers(sen, {"sen_status": "ehc_plan", "ehc_review_on": "2027-02-30", "sen_needs": ""})
    assert errors == {"ehc_review_on": ["Enter a real date, such as 7 12 2026."]}
    assert values["sen_needs"] is None


@pytest.mark.parametrize(
    ("key", "raw"),
    [
        ("attendance_percent", "104"),
        ("attendance_percent", "most"),
        ("attendance_percent", "NaN"),
        ("attendance_percent", True),
        ("suspended", "perhaps"),
        ("conduct", "a\x00b"),
        ("conduct", "x" * 10_001),
        ("conduct", 7),
        ("conduct", "half a pair \ud83d"),
        ("conduct", ["a"]),
        ("suspended", {"yes": True}),
        ("attendance_percent", "1e400"),
        ("attendance_percent", [1]),
        ("not_a_question", "x"),
    ],
)
def test_an_answer_that_cannot_be_is_refused_at_its_field(key: str, raw: Any) -> None:
    section = form_of("primary", current_version()).section("attendance")
    assert section is not None
    _, errors = read_answers(section, {key: raw})
    assert list(errors) == [key]


@pytest.mark.parametrize("raw", [20261207, "20261207", "2026-W50-1", ["2026-12-07"], {}, "soon", True])
def test_a_date_is_a_real_day_in_one_spelling(raw: Any) -> None:
    section = form_of("primary", current_version()).section("sen")
    assert section is not None
    _, errors = read_answers(section, {"ehc_review_on": raw})
    assert list(errors) == ["ehc_review_on"]


@given(
    raw=st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
        lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
        max_leaves=4,
    ),
    phase=st.sampled_from(PHASES),
)
def test_whatever_is_sent_is_read_or_refused_at_its_field(raw: Any, phase: str) -> None:
    for section in form_of(phase, current_version()).sections:
        values, errors = read_answers(section, {field.key: raw for field in section.fields})
        assert values.keys() | errors.keys() == {field.key for field in section.fields}
        assert read_answers(section, values)[1] == {}


@pytest.mark.parametrize("phase", PHASES)
def test_answers_read_again_from_what_was_stored_are_the_same(phase: str) -> None:
    form = form_of(phase, current_version())
    for section in form.sections:
        values = filled(form)[section.key]
        assert read_answers(section, values) == (values, {})


def test_a_later_form_takes_over_only_what_it_still_asks() -> None:
    primary, secondary = form_of("primary", current_version()), form_of("secondary", current_version())
    kept = carried_over(secondary, filled(primary))
    assert kept["leisure"]["interests"] == "More words"
    assert "transition" not in kept
    assert "reading_now" not in kept["progress"]
    assert kept["progress"]["maths_now"] == "words"


def test_conditions_see_yes_and_no_as_words() -> None:
    assert (as_code(True), as_code(False), as_code(None), as_code("support")) == ("yes", "no", "", "support")
