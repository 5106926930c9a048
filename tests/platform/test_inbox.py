"""Each fact takes effect once and in order, whatever arrives twice, early, late or broken."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import event, insert

from shared.contracts.envelope import Envelope
from shared.contracts.pep import ChildDetailsChanged, ChildLeftCare
from shared.contracts.registry import event_name, to_data
from shared.kernel.clock import FixedClock
from shared.kernel.errors import Conflict, NotFound
from shared.platform import desk, mending
from shared.platform.held_facts import MAX_ATTEMPTS
from shared.platform.inbox import Inbox
from shared.platform.inbox_tables import Held
from shared.platform.runtime import Runtime
from shared.platform.service import InBulk, ServiceSpec
from shared.platform.work import Work
from shared.testing.ledger import effects, fact, listener, write_down
from shared.testing.runtimes import MONDAY_MORNING, make_runtime

ADE = mending.Hand("Ade Okafor", MONDAY_MORNING)


def envelope(child_id: str, version: int, said: object | None = None) -> Envelope:
    said = said or fact(child_id, version)
    return Envelope(
        id=f"{child_id}-{version}",
        source="pep",
        type=event_name(type(said)),
        subject=f"child/{child_id}",
        subject_version=version,
        time=MONDAY_MORNING,
        data=to_data(said),
        correlation_id="c-1",
        actor="someone",
        acting_as="social_worker",
    )


def body(child_id: str, version: int) -> bytes:
    return envelope(child_id, version).to_bytes()


class Trial:
    """A service with an inbox, and what it holds and wrote down."""

    def __init__(self, home: Path, reaction: Callable[[Work, Any], None] = write_down) -> None:
        self.spec: ServiceSpec = listener(reaction)
        self.runtime: Runtime = make_runtime(home, [self.spec])
        self.inbox = Inbox(self.spec, self.runtime, ("pep", "scheduling"))

    def effects(self) -> dict[str, list[int]]:
        with self.runtime.database("scheduling").reading() as connection:
            return effects(connection, self.spec)

    def held(self) -> list[desk.HeldEvent]:
        with self.runtime.database("scheduling").reading() as connection:
            return desk.held_events(connection)

    def pass_time(self, seconds: float) -> None:
        clock = self.runtime.clock
        assert isinstance(clock, FixedClock)
        clock.set(clock.now() + timedelta(seconds=seconds))

    def act(self, what: Callable[..., Any], *arguments: Any, **options: Any) -> Any:
        with self.runtime.database("scheduling").writing() as connection:
            return what(connection, *arguments, **options)


@pytest.fixture
def trial(tmp_path: Path) -> Trial:
    return Trial(tmp_path)


def test_facts_take_effect_once_and_in_order(trial: Trial) -> None:
    trial.inbox.receive([body("a", 1), body("b", 1), body("a", 2)])

    assert trial.effects() == {"a": [1, 2], "b": [1]}


def test_a_duplicate_of_any_age_has_no_effect(trial: Trial) -> None:
    trial.inbox.receive([body("a", version) for version in range(1, 51)])
    trial.inbox.receive([body("a", 1), body("a", 50), body("a", 49)] * 10)
    trial.inbox.receive([body("a", 1)], carefully=True)

    assert trial.effects() == {"a": list(range(1, 51))}
    assert trial.held() == []


def test_a_duplicate_in_the_same_batch_has_no_effect(trial: Trial) -> None:
    trial.inbox.receive([body("a", 1), body("a", 1), body("a", 3), body("a", 3), body("a", 2), body("a", 3)])

    assert trial.effects() == {"a": [1, 2, 3]}


def test_an_early_fact_waits_for_the_one_before_and_holds_up_nobody_else(trial: Trial) -> None:
    trial.inbox.receive([body("a", 2), body("a", 3), body("b", 1)])

    assert trial.effects() == {"b": [1]}
    assert [(each.subject, each.version) for each in trial.held()] == [("child/a", 2), ("child/a", 3)]

    trial.inbox.receive([body("a", 1)])

    assert trial.effects() == {"b": [1], "a": [1, 2, 3]}
    assert trial.held() == []


@settings(max_examples=40, deadline=None)
@given(data=st.data())
def test_any_shuffling_repeating_and_splitting_ends_in_the_same_order(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    trial = Trial(tmp_path_factory.mktemp("shuffled"))
    sent = [(child, version) for child in "ab" for version in range(1, 6)]
    order = data.draw(st.permutations(sent + data.draw(st.lists(st.sampled_from(sent), max_size=6))))
    while order:
        size = data.draw(st.integers(1, 4))
        trial.inbox.receive([body(*each) for each in order[:size]], carefully=data.draw(st.booleans()))
        order = order[size:]
        if data.draw(st.booleans()):
            trial.inbox.try_held()
    trial.inbox.try_held()

    assert trial.effects() == {"a": [1, 2, 3, 4, 5], "b": [1, 2, 3, 4, 5]}
    assert trial.held() == []
    trial.runtime.close()


def test_a_type_the_service_does_not_care_about_or_know_moves_the_gate_without_effect(trial: Trial) -> None:
    unheard = envelope("a", 1, ChildLeftCare("a", MONDAY_MORNING.date()))
    unknown = replace(envelope("a", 2), type="pep.child.levitated.v9")
    trial.inbox.receive([unheard.to_bytes(), unknown.to_bytes(), body("a", 3)])

    assert trial.effects() == {"a": [3]}
    assert trial.held() == []


def test_unknown_fields_are_ignored(trial: Trial) -> None:
    newer = replace(envelope("a", 1), data={**to_data(fact("a", 1)), "shoe_size": 34})
    trial.inbox.receive([newer.to_bytes()])

    assert trial.effects() == {"a": [1]}


@pytest.mark.parametrize(
    "bad",
    [
        b"\xff\xfe not json",
        b"[]",
        b"{}",
        replace(envelope("a", 1), source="scheduling", type="scheduling.child.details_changed.v1").to_bytes(),
        replace(envelope("a", 1), source="stranger", type="stranger.child.details_changed.v1").to_bytes(),
        replace(envelope("a", 1), source="virtual_school").to_bytes(),
        replace(envelope("a", 1), subject="x" * 81).to_bytes(),
    ],
)
def test_bytes_that_are_no_fact_are_kept_for_a_person_and_hold_up_nobody(trial: Trial, bad: bytes) -> None:
    trial.inbox.receive([bad, body("a", 1)])

    assert trial.effects() == {"a": [1]}
    (held,) = trial.held()
    assert held.state is Held.UNREADABLE
    assert held.reason
    assert trial.act(desk.held_payload, held.id) == bad


def test_a_fact_whose_data_do_not_fit_is_parked_at_once_with_what_is_wrong(trial: Trial) -> None:
    wrong = replace(envelope("a", 1), data={"child_id": "a", "phase": "primary", "name": "A"})
    trial.inbox.receive([wrong.to_bytes(), body("b", 1)])
    trial.inbox.try_held()

    (held,) = trial.held()
    assert held.state is Held.PARKED
    assert "year_group" in held.reason
    assert trial.effects() == {"b": [1]}


class Failing:
    """Fails for child `a`'s second fact until mended."""

    def __init__(self) -> None:
        self.mended = False
        self.calls = 0

    def __call__(self, work: Work, heard: ChildDetailsChanged) -> None:
        write_down(work, heard)
        if heard.child_id == "a" and heard.year_group == 2 and not self.mended:
            self.calls += 1
            raise ZeroDivisionError("no such thing")


def test_a_failing_fact_is_retried_with_growing_pauses_and_only_its_subject_waits(tmp_path: Path) -> None:
    failing = Failing()
    trial = Trial(tmp_path, failing)
    trial.inbox.receive([body("a", 1), body("a", 2), body("a", 3), body("b", 1)])
    trial.inbox.try_held()
    assert trial.effects() == {"a": [1], "b": [1]}

    trial.inbox.receive([body("b", 2), body("a", 4)])
    assert trial.effects() == {"a": [1], "b": [1, 2]}

    for pause in (2, 4):
        before = failing.calls
        trial.pass_time(pause - 0.5)
        trial.inbox.try_held()
        assert failing.calls == before
        trial.pass_time(0.5)
        trial.inbox.try_held()
        assert failing.calls == before + 1

    failing.mended = True
    trial.pass_time(8)
    trial.inbox.try_held()
    assert trial.effects() == {"a": [1, 2, 3, 4], "b": [1, 2]}
    assert trial.held() == []


def park(tmp_path: Path) -> tuple[Trial, Failing, desk.HeldEvent]:
    failing = Failing()
    trial = Trial(tmp_path, failing)
    trial.inbox.receive([body("a", version) for version in (1, 2, 3)])
    for _ in range(MAX_ATTEMPTS + 3):
        trial.inbox.try_held()
        trial.pass_time(400)
    parked, behind = trial.held()
    assert behind.state is Held.WAITING
    return trial, failing, parked


def test_a_fact_that_keeps_failing_is_parked_with_the_reason(tmp_path: Path) -> None:
    trial, failing, parked = park(tmp_path)

    assert parked.state is Held.PARKED
    assert parked.attempts == MAX_ATTEMPTS
    assert parked.reason.startswith("ZeroDivisionError, at test_inbox.py:")
    assert "no such thing" not in parked.reason
    assert failing.calls == MAX_ATTEMPTS  # the first with the batch
    assert trial.effects() == {"a": [1]}


def test_a_parked_fact_can_be_replayed_and_its_followers_go_on(tmp_path: Path) -> None:
    trial, failing, parked = park(tmp_path)
    failing.mended = True
    trial.act(mending.replay, parked.id, ADE)
    trial.inbox.try_held()

    assert trial.effects() == {"a": [1, 2, 3]}
    assert trial.held() == []


def test_a_parked_fact_can_be_discarded_and_its_followers_go_on(tmp_path: Path) -> None:
    trial, _, parked = park(tmp_path)
    trial.act(mending.discard, parked.id, ADE, why="sent by mistake")
    trial.inbox.try_held()
    trial.inbox.receive([body("a", 2)])

    assert trial.effects() == {"a": [1, 3]}
    assert trial.held() == []
    assert trial.act(desk.held_payload, parked.id) == b""


def test_a_fact_that_waits_for_another_cannot_be_discarded_before_it(tmp_path: Path) -> None:
    trial, _, _ = park(tmp_path)
    behind = trial.held()[1]

    with pytest.raises(Conflict) as refusal:
        trial.act(mending.discard, behind.id, ADE, why="x")

    assert refusal.value.code == "event_waits_for_another"


def test_a_gap_that_will_never_be_filled_can_be_skipped(trial: Trial) -> None:
    trial.inbox.receive([body("a", 4), body("a", 5)])
    first, second = trial.held()
    with pytest.raises(Conflict):
        trial.act(mending.skip_gap, second.id, ADE, why="backup restored")
    trial.act(mending.skip_gap, first.id, ADE, why="backup restored")
    trial.inbox.try_held()

    assert trial.effects() == {"a": [4, 5]}


def test_what_is_not_held_can_be_neither_replayed_nor_discarded(trial: Trial) -> None:
    with pytest.raises(NotFound):
        trial.act(mending.replay, 7, ADE)
    with pytest.raises(NotFound):
        trial.act(mending.discard, 7, ADE, why="y")


def test_a_fact_that_killed_the_process_each_time_is_parked(tmp_path: Path) -> None:
    class Killed(BaseException):
        """Stands for the end of the process: nothing after it runs."""

    def die(work: Work, heard: ChildDetailsChanged) -> None:
        write_down(work, heard)
        if heard.child_id == "a":
            raise Killed

    trial = Trial(tmp_path, die)
    trial.inbox.receive([body("a", 1), body("b", 1)], carefully=True)
    deaths = 0
    for _ in range(MAX_ATTEMPTS + 2):
        try:
            trial.inbox.try_held()
        except Killed:
            deaths += 1
        trial.pass_time(400)

    assert deaths == MAX_ATTEMPTS
    (parked,) = trial.held()
    assert parked.state is Held.PARKED
    assert "process stopped" in parked.reason
    assert trial.effects() == {"b": [1]}


def test_the_reason_of_a_failed_statement_holds_nothing_that_was_in_the_fact(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    def break_a_rule(work: Work, heard: ChildDetailsChanged) -> None:
        table = work.metadata.tables["effect"]
        work.connection.execute(insert(table).values(child_id=heard.name, number=None))

    trial = Trial(tmp_path, break_a_rule)
    trial.inbox.receive([body("a", 1)])
    trial.inbox.try_held()

    (held,) = trial.held()
    assert "IntegrityError" in held.reason
    assert "Child a" not in held.reason + caplog.text


def test_a_reaction_knows_its_cause_and_answers_in_its_name(tmp_path: Path) -> None:
    def answer(work: Work, heard: ChildDetailsChanged) -> None:
        assert work.cause is not None
        assert work.actor.system
        work.publish(f"child/{heard.child_id}", heard)

    trial = Trial(tmp_path, answer)
    trial.inbox.receive([body("a", 1)])

    with trial.runtime.database("scheduling").reading() as connection:
        (said,) = desk.unsent_events(connection, trial.spec.metadata)
    assert (said.correlation_id, said.actor, said.acting_as) == ("c-1", "someone", "social_worker")
    assert (said.source, said.subject_version) == ("scheduling", 1)


def test_the_overview_counts_what_was_applied_and_what_is_held(trial: Trial) -> None:
    trial.inbox.receive([body("a", 1), body("a", 2), body("b", 2), b"rubbish"])

    seen = desk.overview_of(trial.runtime, trial.spec)

    assert seen.applied == {"pep": 2}
    assert (seen.waiting, seen.parked, seen.unreadable) == (1, 0, 1)
    assert (seen.unsent, seen.oldest_unsent) == (0, None)


def test_a_batch_costs_the_same_few_statements_whatever_its_size(trial: Trial) -> None:
    trial.inbox.receive([body("z", 1)])
    statements: list[str] = []
    engine = trial.runtime.database("scheduling").engine
    event.listen(engine, "before_cursor_execute", lambda *args: statements.append(args[2]))
    trial.inbox.receive([replace(envelope(f"c{n}", 1), type="pep.other.v1").to_bytes() for n in range(100)])

    assert len([each for each in statements if not each.startswith(("BEGIN", "PRAGMA"))]) == 3


def test_facts_of_different_subjects_are_taken_over_in_bulk_and_each_subject_in_order(tmp_path: Path) -> None:
    sizes: list[int] = []

    def take_over(work: Work, facts: Sequence[Any]) -> None:
        sizes.append(len(facts))
        for each in facts:
            write_down(work, each)

    trial = Trial(tmp_path, InBulk(take_over))
    trial.inbox.receive([body("a", 1), body("a", 2), body("b", 1), body("c", 1), body("b", 2), body("a", 3)])

    assert sizes == [3, 2, 1]
    assert trial.effects() == {"a": [1, 2, 3], "b": [1, 2], "c": [1]}


def test_redelivered_facts_are_tried_together_as_far_as_their_turn_has_come(tmp_path: Path) -> None:
    sizes: list[int] = []

    def take_over(work: Work, facts: Sequence[Any]) -> None:
        sizes.append(len(facts))
        for each in facts:
            write_down(work, each)

    trial = Trial(tmp_path, InBulk(take_over))
    trial.inbox.receive([body("a", 1), body("b", 1), body("a", 2), body("b", 2), body("c", 2)], carefully=True)
    assert trial.effects() == {}
    trial.inbox.try_held()

    assert sizes == [2, 2]
    assert [(each.subject, each.attempts) for each in trial.held()] == [("child/c", 0)]

    trial.inbox.receive([body("c", 1)], carefully=True)
    trial.inbox.try_held()
    assert trial.effects() == {"a": [1, 2], "b": [1, 2], "c": [1, 2]}


def test_redelivered_facts_cost_the_same_few_statements_however_many_they_are(trial: Trial) -> None:
    trial.inbox.receive([body("z", 1)])
    statements: list[str] = []
    engine = trial.runtime.database("scheduling").engine
    event.listen(engine, "before_cursor_execute", lambda *args: statements.append(args[2]))
    trial.inbox.receive([replace(envelope(f"c{n}", 1), type="pep.x.v1").to_bytes() for n in range(100)], carefully=True)
    assert trial.inbox.try_held() == 100

    assert len([each for each in statements if not each.startswith(("BEGIN", "PRAGMA"))]) == 11


def test_a_fact_that_kills_its_reader_takes_its_neighbours_down_only_once(tmp_path: Path) -> None:
    tried: list[str] = []

    def die(work: Work, heard: ChildDetailsChanged) -> None:
        tried.append(heard.child_id)
        if heard.child_id == "b":
            raise KeyboardInterrupt
        write_down(work, heard)

    trial = Trial(tmp_path, die)
    trial.inbox.receive([body(child, 1) for child in "abc"], carefully=True)
    for _ in range(3):
        with suppress(KeyboardInterrupt):
            trial.inbox.try_held()
        trial.pass_time(1)

    # Together as far as it goes; by itself; and as the last, since its own next attempt is to wait.
    assert "".join(tried) == "ababc"
    assert trial.effects() == {"a": [1], "c": [1]}
    assert [(each.subject, each.attempts) for each in trial.held()] == [("child/b", 2)]


@pytest.mark.parametrize("carefully", [False, True])
def test_a_fact_that_fails_in_bulk_is_found_and_its_neighbours_are_applied(tmp_path: Path, carefully: bool) -> None:
    def take_over(work: Work, facts: Sequence[Any]) -> None:
        for each in facts:
            if each.child_id == "b":
                raise ValueError("not this one")
            write_down(work, each)

    trial = Trial(tmp_path, InBulk(take_over))
    trial.inbox.receive([body("a", 1), body("b", 1), body("c", 1)], carefully=carefully)
    trial.inbox.try_held()

    assert trial.effects() == {"a": [1], "c": [1]}
    assert [each.subject for each in trial.held()] == ["child/b"]


def test_a_bulk_reaction_publishes_nothing(tmp_path: Path) -> None:
    def take_over(work: Work, facts: Sequence[Any]) -> None:
        work.publish("child/a", facts[0])

    trial = Trial(tmp_path, InBulk(take_over))
    trial.inbox.receive([body("a", 1), body("b", 1)])

    assert len(trial.held()) == 2
