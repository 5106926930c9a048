from __future__ import annotations

from datetime import date

import pytest

from services.virtual_school.domain.concerns import Concern, ConcernState, Outcome, Rule
from services.virtual_school.entrypoints.words import answer_words, closing_words, evidence_words
from shared.platform.web.tables_as_csv import safe_cell

DAY = {"starts_on": "2026-11-17", "ends_on": "2026-11-17", "sessions": "1", "kind": "suspension"}


@pytest.mark.parametrize(
    ("rule", "evidence", "words"),
    [
        (Rule.SUSPENSION, DAY, "Suspended on 17 Nov 2026, 1 session missed."),
        (
            Rule.SUSPENSION,
            {**DAY, "ends_on": "2026-11-18", "sessions": "4"},
            "Suspended from 17 Nov 2026 to 18 Nov 2026, 4 sessions missed.",
        ),
        (Rule.SUSPENSION, {**DAY, "kind": "permanent_exclusion"}, "Permanently excluded from 17 Nov 2026."),
        (
            Rule.PLAN_LATE,
            {"term": "2026-autumn", "due_on": "2026-11-13"},
            "The plan for autumn 2026 was due on 13 Nov 2026.",
        ),
        (
            Rule.NO_SCHOOL,
            {"since": "2026-11-02", "days": "11", "unit": "working_days", "limit": "10"},
            "No school since 2 Nov 2026: 11 working days, limit 10.",
        ),
        (
            Rule.ATTENDANCE_LOW,
            {"attended": "40", "possible": "60", "percentage": "66.6", "from": "2026-10-13", "to": "2026-11-23"},
            "Attended 40 of 60 possible sessions from 13 Oct 2026 to 23 Nov 2026: 66.6%.",
        ),
    ],
)
def test_the_evidence_is_one_sentence(rule: Rule, evidence: dict[str, str], words: str) -> None:
    assert evidence_words(rule, evidence) == words


def closed(outcome: Outcome, **evidence: str) -> str:
    return closing_words(
        Concern(
            id="k", child_id="c", rule=Rule.PLAN_LATE, cause="p", raised_on=date(2026, 11, 1),
            answer_by=date(2026, 11, 6), evidence={}, state=ConcernState.CLOSED, closed_on=date(2026, 11, 20),
            outcome=outcome, closing_evidence=evidence,
        )
    )  # fmt: skip


def test_how_a_concern_ended_is_one_sentence() -> None:
    assert closed(Outcome.MISTAKEN) == "Closed on 20 Nov 2026: raised by mistake."
    assert closed(Outcome.RESOLVED, left_care_on="2026-11-19").endswith("no longer looked after.")
    assert closed(Outcome.RESOLVED, submitted_on="2026-11-19").endswith("a plan was submitted on 19 Nov 2026.")
    assert closed(Outcome.RESOLVED, superseded_on="2026-11-19").endswith("replaced this one on 19 Nov 2026.")
    assert closed(Outcome.RESOLVED, percentage="96.0").endswith("attendance is back to 96.0%.")
    assert closed(Outcome.RESOLVED, school_found_on="2026-11-19").endswith("a school was found.")


def test_an_early_meeting_as_an_answer_is_said() -> None:
    concern = Concern("k", "c", Rule.PLAN_LATE, "p", date(2026, 11, 1), date(2026, 11, 6), {})
    assert answer_words(concern, {}) == ""
    answered = Concern(
        "k", "c", Rule.PLAN_LATE, "p", date(2026, 11, 1), date(2026, 11, 6), {}, ConcernState.ANSWERED,
        "early_meeting", date(2026, 11, 4),
    )  # fmt: skip
    assert answer_words(answered, {}) == "Answered on 4 Nov 2026: an early PEP meeting is to be arranged."


@pytest.mark.parametrize("text", ["=1+1", "+44 20", "-x", "@SUM(A1)", "\tx", "\rx", "＝1"])
def test_a_cell_that_a_spreadsheet_would_run_is_quoted(text: str) -> None:
    assert safe_cell(text) == "'" + text


@pytest.mark.parametrize(
    ("value", "text"), [("-1", "-1"), (12, "12"), (None, ""), ("O'Hara", "O'Hara"), ("-1.5", "-1.5")]
)
def test_names_and_numbers_stay_as_they_are(value: object, text: str) -> None:
    assert safe_cell(value) == text
