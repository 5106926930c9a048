"""What invitees are told, act by act, and that any history of changes leaves every calendar right."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.scheduling.domain.itip import Act, Arrangement, Invitation, Message, Method, PartStat, plan_messages

NOW = datetime(2026, 11, 20, 9, 30, 15, 500, tzinfo=UTC)
ANNA = Invitation("anna", "Anna Larch", "anna.larch@school.example", answer_url="https://pep.example/answer/a")
BEN = Invitation("ben", "Ben Okoro", "ben@home.example", required=False, answer_url="https://pep.example/answer/b")
CLEO = Invitation("cleo", "Cleo Marsh", "")
MEETING = Arrangement(
    meeting_id="meeting-1",
    starts_at=datetime(2026, 12, 7, 14, 30, tzinfo=UTC),
    ends_at=datetime(2026, 12, 7, 15, 30, tzinfo=UTC),
    mode="in_person",
    place="Oakfield School, Room 2",
    organizer_name="Northmoor Council education meetings",
    organizer_email="meetings@northmoor.example",
    invitations=(ANNA, BEN, CLEO),
)


def told(arrangement: Arrangement = MEETING, now: datetime = NOW) -> Arrangement:
    return replace(arrangement, invitations=plan_messages(None, arrangement, now).invitations)


def test_a_new_meeting_sends_each_person_with_an_address_one_request_of_their_own() -> None:
    plan = plan_messages(None, MEETING, NOW)
    assert [(m.attendee.email, m.method, m.act, m.sequence, m.status) for m in plan.messages] == [
        ("anna.larch@school.example", Method.REQUEST, Act.INVITED, 0, "CONFIRMED"),
        ("ben@home.example", Method.REQUEST, Act.INVITED, 0, "CONFIRMED"),
    ]
    assert len({invitation.uid for invitation in plan.invitations}) == 3
    assert [m.attendee.required for m in plan.messages] == [True, False]
    assert {m.dtstamp for m in plan.messages} == {datetime(2026, 11, 20, 9, 30, 15, tzinfo=UTC)}


@pytest.mark.parametrize(
    "change",
    [
        {"starts_at": MEETING.starts_at + timedelta(hours=1), "ends_at": MEETING.ends_at + timedelta(hours=1)},
        {"ends_at": MEETING.ends_at + timedelta(minutes=15)},
        {"mode": "online"},
    ],
)
def test_a_move_keeps_the_uid_raises_the_sequence_and_asks_for_answers_afresh(change: dict[str, object]) -> None:
    before = told(replace(MEETING, invitations=(replace(ANNA, answer="accepted"), BEN)))
    afresh = tuple(replace(each, answer="needs_action") for each in before.invitations)
    plan = plan_messages(before, replace(before, invitations=afresh, **change), NOW + timedelta(days=1))
    assert [m.act for m in plan.messages] == [Act.MOVED, Act.MOVED]
    assert [m.uid for m in plan.messages] == [invitation.uid for invitation in before.invitations]
    assert [m.sequence for m in plan.messages] == [1, 1]
    assert {m.attendee.partstat for m in plan.messages} == {PartStat.NEEDS_ACTION}


def test_the_time_before_is_told_only_when_it_differs() -> None:
    before = told()
    later = replace(before, starts_at=MEETING.starts_at + timedelta(hours=1), ends_at=MEETING.ends_at)
    assert {m.was_at for m in plan_messages(before, later, NOW).messages} == {MEETING.starts_at}
    assert {m.was_at for m in plan_messages(before, replace(before, mode="online"), NOW).messages} == {None}


def test_a_detail_keeps_the_sequence_and_the_answers_and_has_a_later_dtstamp() -> None:
    before = told(replace(MEETING, invitations=(replace(ANNA, answer="accepted"), BEN)))
    plan = plan_messages(before, replace(before, place="Oakfield School, Library"), NOW)
    assert [(m.act, m.sequence, m.attendee.partstat) for m in plan.messages] == [
        (Act.CHANGED, 0, PartStat.ACCEPTED),
        (Act.CHANGED, 0, PartStat.NEEDS_ACTION),
    ]
    assert all(m.dtstamp == NOW.replace(microsecond=0) + timedelta(seconds=1) for m in plan.messages)


def test_a_far_away_new_place_asks_for_answers_afresh() -> None:
    before = told()
    plan = plan_messages(before, replace(before, place="Far Town Hall"), NOW, answers_in_doubt=True)
    assert {(m.act, m.sequence) for m in plan.messages} == {(Act.MOVED, 1)}


def test_only_the_person_whose_part_changes_is_told_of_it() -> None:
    before = told()
    after = replace(before, invitations=(*before.invitations[:1], replace(before.invitations[1], required=True)))
    plan = plan_messages(before, replace(after, invitations=(*after.invitations, CLEO)), NOW)
    assert [(m.invitee_id, m.act, m.attendee.required) for m in plan.messages] == [("ben", Act.CHANGED, True)]


def test_nothing_changed_means_no_mail_and_a_new_link_alone_is_no_change() -> None:
    before = told()
    links = tuple(replace(each, answer_url="https://pep.example/answer/other") for each in before.invitations)
    plan = plan_messages(before, replace(before, invitations=links), NOW)
    assert plan.messages == ()
    assert [i.sequence for i in plan.invitations] == [0, 0, 0]


def test_adding_somebody_tells_nobody_else() -> None:
    before = told()
    dana = Invitation("dana", "Dana Fox", "dana@council.example")
    plan = plan_messages(before, replace(before, invitations=(*before.invitations, dana)), NOW)
    assert [(m.invitee_id, m.act, m.sequence) for m in plan.messages] == [("dana", Act.INVITED, 0)]


def test_removing_somebody_cancels_their_entry_without_calling_the_meeting_off() -> None:
    before = told()
    plan = plan_messages(before, replace(before, invitations=before.invitations[1:]), NOW)
    (message,) = plan.messages
    assert (message.invitee_id, message.method, message.act, message.sequence) == (
        "anna",
        Method.CANCEL,
        Act.REMOVED,
        1,
    )
    assert message.status is None
    assert [i.invitee_id for i in plan.withdrawn] == ["anna"]


@pytest.mark.parametrize("after", [None, replace(MEETING, cancelled=True)])
def test_cancelling_tells_everybody_with_a_higher_sequence_and_the_same_uid(after: Arrangement | None) -> None:
    before = told()
    plan = plan_messages(before, after, NOW + timedelta(days=1))
    assert [(m.method, m.status, m.sequence, m.act) for m in plan.messages] == [
        (Method.CANCEL, "CANCELLED", 1, Act.CANCELLED)
    ] * 2
    assert [m.uid for m in plan.messages] == [i.uid for i in before.invitations if i.email]
    assert plan.invitations == ()


def test_asking_again_is_a_request_of_the_same_sequence_to_that_person_alone() -> None:
    before = told()
    plan = plan_messages(before, before, NOW + timedelta(days=2), acts={"ben": Act.ASKED_AGAIN})
    assert [(m.invitee_id, m.method, m.act, m.sequence) for m in plan.messages] == [
        ("ben", Method.REQUEST, Act.ASKED_AGAIN, 0)
    ]
    assert plan.messages[0].uid == before.invitations[1].uid


def test_the_invitation_is_sent_again_as_it_stands_with_the_answer_that_was_given() -> None:
    before = told(replace(MEETING, invitations=(replace(ANNA, answer="accepted"), BEN)))
    plan = plan_messages(before, before, NOW + timedelta(days=2), acts={"anna": Act.SENT_AGAIN})
    (message,) = plan.messages
    assert (message.method, message.sequence, message.attendee.partstat) == (Method.REQUEST, 0, PartStat.ACCEPTED)
    assert message.dtstamp == NOW.replace(microsecond=0) + timedelta(days=2)


def test_a_refused_proposal_is_told_to_its_proposer_alone_and_changes_no_entry() -> None:
    before = told()
    plan = plan_messages(before, before, NOW + timedelta(days=1), acts={"anna": Act.PROPOSAL_REFUSED})
    (message,) = plan.messages
    assert (message.invitee_id, message.method, message.sequence) == ("anna", Method.DECLINECOUNTER, 0)
    assert message.uid == before.invitations[0].uid
    assert (message.start, message.end) == (MEETING.starts_at, MEETING.ends_at)


def test_an_accepted_proposal_is_a_move_for_everybody_and_told_to_its_proposer_as_such() -> None:
    before = told()
    moved = replace(before, starts_at=MEETING.starts_at + timedelta(hours=1), ends_at=MEETING.ends_at)
    plan = plan_messages(before, moved, NOW + timedelta(days=1), acts={"anna": Act.PROPOSAL_ACCEPTED})
    assert [(m.invitee_id, m.act, m.method, m.sequence) for m in plan.messages] == [
        ("anna", Act.PROPOSAL_ACCEPTED, Method.REQUEST, 1),
        ("ben", Act.MOVED, Method.REQUEST, 1),
    ]


@pytest.mark.parametrize("act", [Act.PROPOSAL_ACCEPTED, Act.INVITED, Act.CANCELLED, Act.MOVED])
def test_an_act_that_needs_a_change_is_nothing_without_one(act: Act) -> None:
    assert plan_messages(told(), told(), NOW, acts={"anna": act}).messages == ()


def test_a_new_organizer_raises_the_sequence_and_keeps_the_answers() -> None:
    before = told(replace(MEETING, invitations=(replace(ANNA, answer="accepted"), BEN)))
    plan = plan_messages(before, replace(before, organizer_email="peps@southbay.example"), NOW + timedelta(days=1))
    assert [(m.act, m.method, m.sequence, m.attendee.partstat) for m in plan.messages] == [
        (Act.ORGANIZER_CHANGED, Method.REQUEST, 1, PartStat.ACCEPTED),
        (Act.ORGANIZER_CHANGED, Method.REQUEST, 1, PartStat.NEEDS_ACTION),
    ]
    assert {m.organizer_email for m in plan.messages} == {"peps@southbay.example"}
    assert plan_messages(before, replace(before, organizer_email="MEETINGS@northmoor.example"), NOW).messages == ()


def test_whoever_leaves_when_the_organizer_changes_hears_it_from_the_organizer_they_know() -> None:
    before = told()
    after = replace(before, organizer_email="peps@southbay.example", invitations=before.invitations[1:])
    cancel = plan_messages(before, after, NOW).messages[0]
    assert (cancel.method, cancel.organizer_email) == (Method.CANCEL, MEETING.organizer_email)


def test_a_new_address_gets_a_new_entry_and_the_old_address_loses_its_own() -> None:
    before = told()
    after = replace(before, invitations=(replace(before.invitations[0], email="anna@new.example"),))
    plan = plan_messages(replace(before, invitations=before.invitations[:1]), after, NOW)
    assert [(m.attendee.email, m.method) for m in plan.messages] == [
        ("anna.larch@school.example", Method.CANCEL),
        ("anna@new.example", Method.REQUEST),
    ]
    assert plan.messages[0].uid != plan.messages[1].uid


def test_the_same_address_in_other_letters_is_the_same_mailbox() -> None:
    before = told()
    after = replace(before, invitations=(replace(before.invitations[0], email="Anna.Larch@School.example"),))
    assert plan_messages(replace(before, invitations=before.invitations[:1]), after, NOW).messages == ()


class Calendars:
    """Every mailbox's calendar, kept as RFC 5546 section 2.1.5 tells a client to: by UID, SEQUENCE, then DTSTAMP."""

    def __init__(self) -> None:
        self.entries: dict[tuple[str, str], Message] = {}

    def receive(self, message: Message) -> None:
        key = (message.attendee.email.casefold(), message.uid)
        known = self.entries.get(key)
        if known is None or (message.sequence, message.dtstamp) > (known.sequence, known.dtstamp):
            self.entries[key] = message

    def showing(self) -> dict[str, list[tuple[datetime, datetime, str, bool]]]:
        shown: dict[str, list[tuple[datetime, datetime, str, bool]]] = {}
        for (mailbox, _), message in self.entries.items():
            if message.method is Method.REQUEST:
                entry = (message.start, message.end, message.location, message.attendee.required)
                shown.setdefault(mailbox, []).append(entry)
        return shown


mailboxes = st.sampled_from(["", "one@a.example", "two@b.example", "three@c.example"])
invitees = st.lists(
    st.builds(
        lambda key, email, required: Invitation(key, key.title(), email, required=required),
        st.sampled_from(["anna", "ben", "cleo"]),
        mailboxes,
        st.booleans(),
    ),
    unique_by=lambda invitation: invitation.invitee_id,
)
arrangements = st.one_of(
    st.none(),
    st.builds(
        lambda hours, place, mode, people: replace(
            MEETING,
            starts_at=MEETING.starts_at + timedelta(hours=hours),
            ends_at=MEETING.ends_at + timedelta(hours=hours),
            place=place,
            mode=mode,
            invitations=tuple(people),
        ),
        st.integers(0, 2),
        st.sampled_from(["Room 2", "Library"]),
        st.sampled_from(["in_person", "mixed"]),
        invitees,
    ),
)


@given(st.lists(st.tuples(arrangements, st.integers(0, 2)), max_size=6), st.randoms(use_true_random=False))
def test_after_any_history_every_calendar_shows_what_was_last_arranged_in_whatever_order_mail_comes(
    history: list[tuple[Arrangement | None, int]], shuffler: object
) -> None:
    post: list[Message] = []
    before, now = None, NOW
    for after, seconds in history:
        now += timedelta(seconds=seconds)
        plan = plan_messages(before, after, now)
        post += plan.messages
        before = replace(after, invitations=plan.invitations) if after else None
    shuffler.shuffle(post)  # type: ignore[attr-defined]
    calendars = Calendars()
    for message in post:
        calendars.receive(message)
    wanted: dict[str, list[tuple[datetime, datetime, str, bool]]] = {}
    for each in before.invitations if before else ():
        if each.email and before:
            entry = (before.starts_at, before.ends_at, before.location, each.required)
            wanted.setdefault(each.email, []).append(entry)
    assert {k: sorted(v) for k, v in calendars.showing().items()} == {k: sorted(v) for k, v in wanted.items()}
