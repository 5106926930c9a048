"""Whatever happens to a meeting, in whatever order and however often mail comes: each calendar ends as ours says.

The organizer is the one that is tried: `plan_messages` with the queue, in which a later mail takes an earlier one's
place. The calendars do what RFC 5546 section 2.1.5 tells a client to, and answer what they hold.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, precondition, rule

from services.scheduling.domain.itip import Act, Arrangement, Invitation, Message, Method, PartStat, plan_messages

NOW = datetime(2026, 11, 20, 9, 30, tzinfo=UTC)
START = datetime(2026, 12, 7, 14, 30, tzinfo=UTC)
PEOPLE = ("anna", "ben", "cleo")
MAILBOXES = ("one@a.example", "two@b.example", "shared@home.example", "")
people = st.sampled_from(PEOPLE)
mailboxes = st.sampled_from(MAILBOXES)


@dataclass
class Entry:
    """What a calendar knows under one UID: the message that counts, whether it was taken back, and its own answer."""

    message: Message
    answer: PartStat

    @property
    def showing(self) -> tuple[Any, ...]:
        one = self.message
        return (one.start, one.end, one.location, one.mode, one.organizer_email, one.attendee.required, self.answer)


@dataclass
class Calendar:
    """One mailbox's calendar."""

    entries: dict[str, Entry] = field(default_factory=dict)
    taken_back: dict[str, tuple[int, datetime]] = field(default_factory=dict)

    def receive(self, message: Message) -> None:
        """Take in a message: higher SEQUENCE counts, then later DTSTAMP; a late one changes nothing, nor does a double.

        A CANCEL that overtakes its REQUEST is remembered. A refused proposal says nothing of the entry itself.
        """
        this = (message.sequence, message.dtstamp)
        held = self.entries.get(message.uid)
        known = self.taken_back.get(message.uid) or (held and (held.message.sequence, held.message.dtstamp))
        if message.method is Method.DECLINECOUNTER or (known and this <= known):
            return
        if message.method is Method.CANCEL:
            self.taken_back[message.uid] = this
            self.entries.pop(message.uid, None)
            return
        assert message.attendee.partstat is not None
        keeps = held and held.message.sequence == message.sequence and held.answer is not PartStat.NEEDS_ACTION
        self.entries[message.uid] = Entry(message, held.answer if held and keeps else message.attendee.partstat)


class Meeting(RuleBasedStateMachine):
    """An organizer, a queue, mails on their way, and calendars."""

    def __init__(self) -> None:
        super().__init__()
        self.now = NOW
        self.told: Arrangement | None = None
        self.queue: list[Message] = []
        self.flying: list[Message] = []
        self.calendars = {mailbox: Calendar() for mailbox in MAILBOXES if mailbox}

    @property
    def live(self) -> Arrangement | None:
        return self.told if self.told and not self.told.cancelled else None

    def change(self, after: Arrangement | None, **acts: Act) -> None:
        plan = plan_messages(self.told, after, self.now, acts=acts)
        for message in plan.messages:
            if message.method is not Method.DECLINECOUNTER:
                self.queue = [
                    one for one in self.queue if one.uid != message.uid or one.method is Method.DECLINECOUNTER
                ]
            self.queue.append(message)
        known = after or self.told
        if known is not None:
            self.told = replace(known, invitations=plan.invitations, cancelled=not plan.invitations)

    def but(self, **change: Any) -> None:
        if self.live:
            self.change(replace(self.live, **change))

    def people_but(self, person: str, **change: Any) -> None:
        assert self.live
        found = self.live.invitations
        self.but(invitations=tuple(replace(one, **change) if one.invitee_id == person else one for one in found))

    @precondition(lambda self: self.live is None)
    @rule(who=st.dictionaries(people, mailboxes, min_size=1), mode=st.sampled_from(["in_person", "mixed"]))
    def arrange(self, who: dict[str, str], mode: str) -> None:
        invited = tuple(Invitation(person, person.title(), mailbox) for person, mailbox in who.items())
        link = "https://meet.example/1" if mode == "mixed" else ""
        self.change(
            Arrangement(
                "m", START, START + timedelta(hours=1), mode, "Room 2", "Northmoor", "m@north.example", invited, link
            )
        )

    @precondition(lambda self: self.live)
    @rule(hours=st.integers(0, 3), mode=st.sampled_from(["in_person", "mixed"]), comes=st.none() | people)
    def move(self, hours: int, mode: str, comes: str | None) -> None:
        assert self.live
        start = START + timedelta(hours=hours)
        if (start, mode) == (self.live.starts_at, self.live.mode):
            return
        afresh = tuple(
            replace(one, answer="accepted" if one.invitee_id == comes else "needs_action")
            for one in self.live.invitations
        )
        self.but(starts_at=start, ends_at=start + timedelta(hours=1), mode=mode, invitations=afresh)

    @precondition(lambda self: self.live)
    @rule(person=people, hours=st.integers(4, 5))
    def accept_proposal(self, person: str, hours: int) -> None:
        assert self.live
        start = START + timedelta(hours=hours)
        if start != self.live.starts_at:
            afresh = tuple(replace(one, answer="needs_action") for one in self.live.invitations)
            after = replace(self.live, starts_at=start, ends_at=start + timedelta(hours=1), invitations=afresh)
            self.change(after, **{person: Act.PROPOSAL_ACCEPTED})

    @rule(place=st.sampled_from(["Room 2", "Library"]))
    def change_place(self, place: str) -> None:
        self.but(place=place)

    @rule(organizer=st.sampled_from(["m@north.example", "peps@south.example"]))
    def change_organizer(self, organizer: str) -> None:
        self.but(organizer_email=organizer)

    @precondition(lambda self: self.live)
    @rule(person=people, mailbox=mailboxes)
    def add_or_write_elsewhere(self, person: str, mailbox: str) -> None:
        assert self.live
        if person in {one.invitee_id for one in self.live.invitations}:
            self.people_but(person, email=mailbox)
        else:
            self.but(invitations=(*self.live.invitations, Invitation(person, person.title(), mailbox)))

    @precondition(lambda self: self.live)
    @rule(person=people, required=st.booleans())
    def must_be_there(self, person: str, required: bool) -> None:
        self.people_but(person, required=required)

    @precondition(lambda self: self.live and len(self.live.invitations) > 1)
    @rule(person=people)
    def remove(self, person: str) -> None:
        assert self.live
        left = tuple(one for one in self.live.invitations if one.invitee_id != person)
        if left:
            self.but(invitations=left)

    @precondition(lambda self: self.live)
    @rule(person=people, act=st.sampled_from([Act.ASKED_AGAIN, Act.SENT_AGAIN, Act.PROPOSAL_REFUSED]))
    def say_something_else(self, person: str, act: Act) -> None:
        assert self.live
        silent = {one.invitee_id for one in self.live.invitations if one.answer == "needs_action"}
        if act is not Act.ASKED_AGAIN or person in silent:
            self.change(self.live, **{person: act})

    @rule()
    def cancel(self) -> None:
        self.change(None)

    @rule(seconds=st.sampled_from([0, 0, 1, 60, -3600]))
    def time_passes(self, seconds: int) -> None:
        self.now += timedelta(seconds=seconds)

    @rule()
    def send(self) -> None:
        self.flying += self.queue
        self.queue = []

    @precondition(lambda self: self.flying)
    @rule(data=st.data(), again=st.booleans())
    def one_arrives(self, data: st.DataObject, again: bool) -> None:
        place = data.draw(st.integers(0, len(self.flying) - 1))
        message = self.flying[place]
        self.calendars[message.attendee.email].receive(message)
        if not again:
            del self.flying[place]

    @precondition(lambda self: any(one.entries for one in self.calendars.values()))
    @rule(data=st.data(), said=st.sampled_from([PartStat.ACCEPTED, PartStat.DECLINED, PartStat.TENTATIVE]))
    def somebody_answers(self, data: st.DataObject, said: PartStat) -> None:
        held = [entry for one in self.calendars.values() for entry in one.entries.values()]
        entry = data.draw(st.sampled_from(held))
        entry.answer = said
        if self.live is None:
            return
        for one in self.live.invitations:
            if one.uid == entry.message.uid and one.sequence == entry.message.sequence:
                answer = said.value.lower().replace("-", "_")
                known = tuple(replace(i, answer=answer) if i is one else i for i in self.live.invitations)
                self.told = replace(self.live, invitations=known)

    @rule()
    def everything_arrives(self) -> None:
        self.send()
        for message in self.flying:
            self.calendars[message.attendee.email].receive(message)
        self.flying = []
        wanted: dict[str, dict[str, tuple[Any, ...]]] = {mailbox: {} for mailbox in self.calendars}
        for one in self.live.invitations if self.live else ():
            if one.email and self.live:
                here = self.live
                answer = PartStat(one.answer.upper().replace("_", "-"))
                wanted[one.email][one.uid] = (
                    here.starts_at,
                    here.ends_at,
                    here.location,
                    here.mode,
                    here.organizer_email,
                    one.required,
                    answer,
                )
        shown = {
            mailbox: {uid: entry.showing for uid, entry in one.entries.items()}
            for mailbox, one in self.calendars.items()
        }
        assert shown == wanted

    def teardown(self) -> None:
        self.everything_arrives()


TestMeeting = Meeting.TestCase
TestMeeting.settings = settings(max_examples=120, stateful_step_count=30, deadline=None)
