"""Which mail counts as an answer, which is held for the worker, which is ignored; and in what order answers count."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.scheduling.domain.replies import (
    Decision,
    Entry,
    IncomingMail,
    Kind,
    Outcome,
    Participant,
    Proof,
    decide,
    uid_forms,
)

TOLD = datetime(2026, 11, 20, 9, 30, tzinfo=UTC)
NOW = TOLD + timedelta(days=1)
MEETING = datetime(2026, 12, 7, 14, 30, tzinfo=UTC)
UID = "a8ad44aa-625c-42ff-ad63-1fcfba4c6ac6"
ENTRY = Entry(UID, "meeting-1", "anna", "anna.larch@school.example", 1, TOLD, MEETING, meet_by=date(2026, 12, 11))


def says(partstat: str, email: str = "anna.larch@school.example") -> tuple[Participant, ...]:
    return (Participant(email, partstat),)


YES = IncomingMail(
    kind=Kind.REPLY,
    message_id="<1@school.example>",
    sender="anna.larch@school.example",
    method="REPLY",
    uid=UID,
    participants=says("ACCEPTED"),
    sequence=1,
    dtstamp=NOW - timedelta(minutes=1),
)


def decided(mail: IncomingMail, entry: Entry | None = ENTRY, *, vouched: bool = False) -> Decision:
    return decide(mail, entry, NOW, server_must_vouch=vouched)


@pytest.mark.parametrize(
    ("partstat", "answer"), [("ACCEPTED", "accepted"), ("DECLINED", "declined"), ("TENTATIVE", "tentative")]
)
def test_an_answer_from_the_invited_address_counts(partstat: str, answer: str) -> None:
    decision = decided(replace(YES, participants=says(partstat)))
    assert (decision.outcome, decision.answer) == (Outcome.APPLIED, answer)


def test_addresses_are_compared_without_regard_to_capitals() -> None:
    shouting = replace(YES, sender="ANNA.LARCH@SCHOOL.EXAMPLE")
    assert decided(shouting, replace(ENTRY, email="Anna.Larch@School.example")).outcome is Outcome.APPLIED


@pytest.mark.parametrize("sender", ["anna@school.example", "ben@home.example", ""])
def test_an_answer_from_another_address_is_held_with_what_it_says(sender: str) -> None:
    decision = decided(replace(YES, sender=sender))
    assert (decision.outcome, decision.reason, decision.answer) == (Outcome.HELD, "other_sender", "accepted")


@pytest.mark.parametrize(
    ("proof", "disowned", "vouched", "outcome"),
    [
        (Proof.MISSING, False, False, Outcome.APPLIED),
        (Proof.MISSING, True, False, Outcome.HELD),
        (Proof.PASSED, False, True, Outcome.APPLIED),
        (Proof.MISSING, False, True, Outcome.HELD),
        (Proof.FAILED, True, True, Outcome.HELD),
    ],
)
def test_in_production_our_mail_server_must_vouch_and_elsewhere_it_must_not_object(
    proof: Proof, disowned: bool, vouched: bool, outcome: Outcome
) -> None:
    decision = decided(replace(YES, proof=proof, disowned=disowned), vouched=vouched)
    assert decision.outcome is outcome
    if outcome is Outcome.HELD:
        assert decision.reason == "sender_unproved"


def test_an_answer_to_the_earlier_time_is_not_counted_but_says_what_was_answered() -> None:
    decision = decided(replace(YES, sequence=0))
    assert (decision.outcome, decision.reason) == (Outcome.IGNORED, "answered_earlier_time")
    assert decision.answer == "accepted"


def test_a_missing_sequence_means_the_first_time_unless_the_present_time_is_named() -> None:
    assert decided(replace(YES, sequence=None)).reason == "answered_earlier_time"
    assert decided(replace(YES, sequence=None), replace(ENTRY, sequence=0)).outcome is Outcome.APPLIED
    assert decided(replace(YES, sequence=None, start=MEETING)).outcome is Outcome.APPLIED


def test_a_sequence_above_ours_does_not_make_the_next_answer_late() -> None:
    first = decided(replace(YES, sequence=1407317367304))
    assert first.outcome is Outcome.APPLIED
    assert first.stamp is not None
    after = replace(ENTRY, answered=first.stamp)
    later = replace(YES, participants=says("DECLINED"), dtstamp=NOW)
    assert decided(later, after).outcome is Outcome.APPLIED


def test_an_answer_older_than_one_that_is_known_changes_nothing() -> None:
    known = replace(ENTRY, answered=(1, NOW))
    assert decided(YES, known).reason == "newer_answer_known"


def test_an_answer_that_echoes_our_own_stamp_is_ordered_by_receipt() -> None:
    known = replace(ENTRY, answered=(1, NOW - timedelta(hours=1)))
    assert decided(replace(YES, dtstamp=TOLD), known).outcome is Outcome.APPLIED


def test_a_clock_that_shows_a_time_before_the_question_is_not_believed() -> None:
    known = replace(ENTRY, answered=(1, NOW - timedelta(hours=1)))
    assert decided(replace(YES, dtstamp=datetime(2012, 5, 30, tzinfo=UTC)), known).outcome is Outcome.APPLIED
    asked_again = replace(known, first_asked=TOLD - timedelta(days=1))
    assert decided(replace(YES, dtstamp=TOLD - timedelta(hours=1)), asked_again).reason == "newer_answer_known"


def test_a_clock_that_runs_ahead_does_not_lock_out_later_answers() -> None:
    ahead = decided(replace(YES, dtstamp=NOW + timedelta(days=400)))
    assert ahead.stamp is not None
    assert ahead.stamp[1] == NOW


@given(st.lists(st.tuples(st.sampled_from(["ACCEPTED", "DECLINED", "TENTATIVE"]), st.integers(0, 3)), min_size=1))
def test_whatever_order_answers_come_in_the_newest_stands(answers: list[tuple[str, int]]) -> None:
    entry, standing = ENTRY, ""
    for partstat, minutes in answers:
        stamp = TOLD + timedelta(minutes=1 + minutes)
        decision = decided(replace(YES, participants=says(partstat), dtstamp=stamp), entry)
        if decision.outcome is Outcome.APPLIED:
            assert decision.answer is not None
            entry, standing = replace(entry, answered=decision.stamp), decision.answer
    newest = max(minutes for _, minutes in answers)
    last = [partstat for partstat, minutes in answers if minutes == newest][-1]
    assert standing == last.lower()


@pytest.mark.parametrize(
    ("mail", "outcome", "reason"),
    [
        (replace(YES, kind=Kind.OTHER_METHOD), Outcome.HELD, "not_an_answer"),
        (replace(YES, kind=Kind.AUTO_REPLY), Outcome.HELD, "automatic_reply"),
        (replace(YES, kind=Kind.REPORT), Outcome.IGNORED, "delivery_notice"),
        (replace(YES, kind=Kind.BOUNCE, sender="mailer-daemon@x.example"), Outcome.HELD, "undelivered"),
        (replace(YES, kind=Kind.UNREADABLE), Outcome.HELD, "could_not_read"),
        (replace(YES, kind=Kind.TOO_LARGE), Outcome.HELD, "too_large"),
        (replace(YES, kind=Kind.ENCRYPTED), Outcome.HELD, "encrypted"),
        (replace(YES, kind=Kind.FORWARDED), Outcome.HELD, "forwarded"),
        (replace(YES, kind=Kind.ANSWERS_DIFFER), Outcome.HELD, "answers_differ"),
        (replace(YES, kind=Kind.REFRESH), Outcome.APPLIED, "invitation_sent_again"),
        (replace(YES, kind=Kind.REFRESH, sender="ben@home.example"), Outcome.HELD, "other_sender"),
        (replace(YES, kind=Kind.WRITTEN), Outcome.HELD, "written_answer"),
        (replace(YES, kind=Kind.COUNTER, proposed_start=MEETING), Outcome.HELD, "proposes_other_time"),
        (replace(YES, kind=Kind.COUNTER, participants=(), proposed_start=MEETING), Outcome.HELD, "proposes_other_time"),
        (replace(YES, kind=Kind.COUNTER), Outcome.HELD, "proposes_no_time"),
        (
            replace(YES, kind=Kind.COUNTER, proposed_start=MEETING, proposed_end=MEETING),
            Outcome.HELD,
            "proposes_no_time",
        ),
        (
            replace(YES, kind=Kind.COUNTER, proposed_start=MEETING - timedelta(days=90)),
            Outcome.HELD,
            "proposes_past_time",
        ),
        (
            replace(YES, kind=Kind.COUNTER, proposed_start=MEETING + timedelta(days=90)),
            Outcome.HELD,
            "proposes_late_time",
        ),
        (replace(YES, kind=Kind.PART_OF_SERIES), Outcome.HELD, "part_of_series"),
        (replace(YES, kind=Kind.COMPLAINT, sender="arf@x.example"), Outcome.HELD, "marked_unwanted"),
        (replace(YES, participants=(*says("ACCEPTED"), *says("DECLINED"))), Outcome.HELD, "answers_differ"),
        (replace(YES, proposed_start=MEETING), Outcome.HELD, "proposes_other_time"),
        (replace(YES, participants=()), Outcome.HELD, "attendee_missing"),
        (replace(YES, participants=says("ACCEPTED", "ben@home.example")), Outcome.HELD, "attendee_differs"),
        (replace(YES, participants=says("DELEGATED")), Outcome.HELD, "delegated"),
        (replace(YES, participants=says("NEEDS-ACTION")), Outcome.HELD, "no_answer_in_it"),
        (replace(YES, participants=says("X-PERHAPS")), Outcome.HELD, "no_answer_in_it"),
    ],
)
def test_what_is_not_a_plain_answer_is_held_or_ignored_with_its_reason(
    mail: IncomingMail, outcome: Outcome, reason: str
) -> None:
    decision = decided(mail)
    assert (decision.outcome, decision.reason) == (outcome, reason)


@pytest.mark.parametrize(
    ("kind", "outcome", "reason"),
    [
        (Kind.REPLY, Outcome.HELD, "unknown_invitation"),
        (Kind.COUNTER, Outcome.HELD, "unknown_invitation"),
        (Kind.UNREADABLE, Outcome.HELD, "could_not_read"),
        (Kind.REFRESH, Outcome.HELD, "unknown_invitation"),
        (Kind.OTHER_METHOD, Outcome.HELD, "not_an_answer"),
        (Kind.WRITTEN, Outcome.IGNORED, "nothing_in_it"),
        (Kind.AUTO_REPLY, Outcome.IGNORED, "automatic_reply"),
        (Kind.BOUNCE, Outcome.IGNORED, "unknown_invitation"),
    ],
)
def test_a_mail_about_no_invitation_of_ours_changes_nothing(kind: Kind, outcome: Outcome, reason: str) -> None:
    decision = decided(replace(YES, kind=kind), None)
    assert (decision.outcome, decision.reason) == (outcome, reason)


def test_a_mail_that_says_something_without_saying_to_what_waits_for_a_person() -> None:
    decision = decided(IncomingMail(kind=Kind.WRITTEN, sender=YES.sender, comment="Yes, I can come."), None)
    assert (decision.outcome, decision.reason) == (Outcome.HELD, "no_calendar")


def test_the_invitation_is_not_sent_again_to_somebody_who_has_just_got_it() -> None:
    decision = decided(replace(YES, kind=Kind.REFRESH), replace(ENTRY, dtstamp=NOW - timedelta(minutes=9)))
    assert (decision.outcome, decision.reason) == (Outcome.IGNORED, "invitation_just_sent")


@pytest.mark.parametrize(
    ("invited", "sender", "same"),
    [
        ("anna@schüle.example", "anna@xn--schle-mva.example", True),
        ("Anna@SCHÜLE.example", "anna@schüle.example", True),
        ("anna+pep@school.example", "Anna+PEP@school.example", True),
        ("anna+pep@school.example", "anna@school.example", False),
        ("anna@straße.example", "anna@strasse.example", False),
        ("anna@school.example", "аnna@school.example", False),
    ],
)
def test_an_address_is_the_invited_one_in_capitals_and_in_ascii_but_not_by_resemblance(
    invited: str, sender: str, same: bool
) -> None:
    mail = replace(YES, sender=sender, participants=says("ACCEPTED", ""))
    assert (decided(mail, replace(ENTRY, email=invited)).outcome is Outcome.APPLIED) is same


def test_somebody_no_longer_invited_is_not_counted() -> None:
    decision = decided(YES, replace(ENTRY, withdrawn=True))
    assert (decision.outcome, decision.reason) == (Outcome.IGNORED, "no_longer_invited")


def test_the_invitee_is_found_among_several_attendees_and_when_their_address_is_not_given() -> None:
    several = (Participant("ben@home.example", "DECLINED"), *says("ACCEPTED"))
    assert decided(replace(YES, participants=several)).answer == "accepted"
    assert decided(replace(YES, participants=says("TENTATIVE", ""))).answer == "tentative"


EXCHANGE = (
    "040000008200E00074C5B7101A82E00800000000000000000000000000000000000000003100000076"
    "43616C2D5569640100000061386164343461612D363235632D343266662D616436332D31666366626134633661633600"
)


@pytest.mark.parametrize(
    "form",
    [
        UID,
        UID.upper(),
        f" {UID} ",
        EXCHANGE,
        EXCHANGE.lower(),
        "A8AD44AA625C42FFAD631FCFBA4C6AC6",
        "A8AD44AA625C42FFAD631FCFBA4C6AC600000000000000000000000000000000",
    ],
)
def test_a_uid_is_recognised_in_every_form_that_clients_send_back(form: str) -> None:
    assert UID in list(uid_forms(form))


@given(st.text(max_size=400))
def test_any_text_may_stand_where_a_uid_should(text: str) -> None:
    assert next(iter(uid_forms(text))) == text
    assert len(list(uid_forms("040000008200E00074C5B7101A82E008" + text))) >= 1
