"""Facts that an inbox holds: each is tried when its turn and its time have come.

Facts that were never tried are tried together, in one transaction. That they are tried is committed first, as the first
attempt of each: if the transaction fails, or the process dies of it, the next attempt is made one by one. So a fact
that fails, or that kills its reader, is found and counted, while the others take effect.
"""

from __future__ import annotations

import logging
from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from sqlalchemy import (
    ColumnElement,
    Connection,
    FromClause,
    Select,
    and_,
    bindparam,
    delete,
    func,
    or_,
    select,
    update,
)

from shared.contracts.envelope import Envelope
from shared.contracts.registry import UnreadableEvent
from shared.platform.crashpoints import crashpoint
from shared.platform.gate import Key, lock_positions, set_positions
from shared.platform.inbox_tables import EVENT, POSITION, Held
from shared.platform.logs import describe, where
from shared.platform.metrics import APPLIED, PARKED, RETRIED, count_by_type
from shared.platform.round_trips import Saying, say
from shared.platform.runtime import Runtime

MAX_ATTEMPTS = 5
LONGEST_PAUSE = timedelta(minutes=5)
TRY_AT_ONCE = 100

_WAITING = EVENT.c.state == Held.WAITING
_UNTRIED = and_(_WAITING, EVENT.c.attempts == 0, EVENT.c.next_attempt_at.is_(None))

log = logging.getLogger(__name__)

React = Callable[[Connection, Sequence[Envelope], datetime], bool]


class _Due(NamedTuple):
    """A held fact to try now."""

    id: int
    key: Key
    attempts: int
    untried: bool


class HeldFacts:
    """What one service holds.

    `react` lets the service react to facts, in their order, within a transaction, and says whether it published any.
    """

    def __init__(self, service: str, runtime: Runtime, react: React) -> None:
        self._service = service
        self._clock = runtime.clock
        self._database = runtime.database(service)
        self._react = react

    def try_due(self) -> int:
        """Try what is due, until nothing more is; returns how many facts took effect. Raises the database's errors."""
        applied = 0
        while due := self._due():
            if any(fact.untried for fact in due):
                applied += self._try_together()
            applied += sum(self._try(fact) for fact in due if not fact.untried)
        return applied

    def _due(self) -> list[_Due]:
        """Return the held facts whose turn and time it is.

        A time further ahead than any pause lasts is from before the clock was set back, and counts as come.
        """
        now = self._clock.now()
        with self._database.asking() as connection:
            (rows,) = say(connection, _DUE_ONES.of(now=now, too_far=now + LONGEST_PAUSE))
        return [_Due(row.id, Key(row.source, row.subject), row.attempts, row.untried) for row in rows]

    def _try_together(self) -> int:
        claimed = self._claim_untried()
        if not claimed:
            return 0
        crashpoint("before_held_together")
        try:
            return self._apply(claimed)
        except Exception:
            log.warning("%s: %s held facts are to be tried one by one", self._service, len(claimed), exc_info=True)
            now_due = update(EVENT).where(EVENT.c.id.in_(claimed), _WAITING).values(next_attempt_at=self._clock.now())
            with self._database.writing() as connection:
                kinds = connection.execute(now_due.returning(EVENT.c.type)).scalars().all()
            count_by_type(RETRIED, self._service, kinds)
            return 0

    def _claim_untried(self) -> dict[int, Key]:
        """Count an attempt for facts that were never tried and follow one another from the next on; return them."""
        columns = (EVENT.c.id, EVENT.c.source, EVENT.c.subject, _turns_ahead().label("ahead"))
        candidates = (
            select(*columns)
            .select_from(_with_position())
            .where(_UNTRIED, _turns_ahead().between(1, TRY_AT_ONCE))
            # The next of each subject first: those that wait behind a gap take nobody's place.
            .order_by(_turns_ahead(), EVENT.c.id)
            .limit(TRY_AT_ONCE)
            .with_for_update(of=EVENT, skip_locked=True)
        )
        claimed: dict[int, Key] = {}
        reached: Counter[Key] = Counter()
        with self._database.writing() as connection:
            for row in connection.execute(candidates):
                key = Key(row.source, row.subject)
                if row.ahead == reached[key] + 1:
                    reached[key] += 1
                    claimed[row.id] = key
            values = {"attempts": 1, "next_attempt_at": self._clock.now() + _pause_after(0)}
            connection.execute(update(EVENT).where(EVENT.c.id.in_(claimed)).values(values))
        return claimed

    def _try(self, fact: _Due) -> int:
        """Try one fact. That it is tried is committed first, so that a fact which kills us is counted too."""
        if not self._note_attempt(fact):
            return 0
        crashpoint("before_held_effect")
        try:
            return self._apply({fact.id: fact.key})
        except Exception as error:
            log.warning("%s: held fact %s failed", self._service, fact.id, exc_info=True)
            hopeless = isinstance(error, UnreadableEvent) or fact.attempts + 1 >= MAX_ATTEMPTS
            self._note_failure(fact.id, f"{describe(error)}, at {where(error)}", parked=hopeless)
            return 0

    def _note_attempt(self, fact: _Due) -> bool:
        if fact.attempts >= MAX_ATTEMPTS:
            # The last attempt never came to an end.
            self._note_failure(fact.id, f"The process stopped during attempt {fact.attempts}.", parked=True)
            return False
        values = {"attempts": fact.attempts + 1, "next_attempt_at": self._clock.now() + _pause_after(fact.attempts)}
        seen = and_(EVENT.c.id == fact.id, EVENT.c.attempts == fact.attempts, _WAITING)
        with self._database.writing() as connection:
            return connection.execute(update(EVENT).where(seen).values(values)).rowcount == 1

    def _apply(self, claimed: dict[int, Key]) -> int:
        """Let held facts take effect as far as it is their turn; returns how many did."""
        now = self._clock.now()
        with self._database.writing() as connection:
            position = lock_positions(connection, sorted(set(claimed.values())))
            query = select(EVENT.c.id, EVENT.c.payload).where(EVENT.c.id.in_(claimed), _WAITING).order_by(EVENT.c.id)
            ready: list[Envelope] = []
            done: list[int] = []
            aside: dict[Key, dict[int, tuple[int, Envelope]]] = defaultdict(dict)
            for row in connection.execute(query):
                key, envelope = claimed[row.id], Envelope.from_bytes(row.payload)
                if envelope.subject_version <= position[key]:
                    done.append(row.id)
                    continue
                aside[key][envelope.subject_version] = (row.id, envelope)
                while (following := aside[key].pop(position[key] + 1, None)) is not None:
                    position[key] += 1
                    done.append(following[0])
                    ready.append(following[1])
            published = self._react(connection, ready, now)
            set_positions(connection, {Key(each.source, each.subject): each.subject_version for each in ready})
            connection.execute(delete(EVENT).where(EVENT.c.id.in_(done)))
        if published:
            self._database.wake_relay()
        count_by_type(APPLIED, self._service, [each.type for each in ready])
        return len(ready)

    def _note_failure(self, event_id: int, reason: str, *, parked: bool) -> None:
        values = {"reason": reason[:2000], **({"state": Held.PARKED} if parked else {})}
        with self._database.writing() as connection:
            noted = update(EVENT).where(EVENT.c.id == event_id, _WAITING).values(values).returning(EVENT.c.type)
            kinds = connection.execute(noted).scalars().all()
        count_by_type(PARKED if parked else RETRIED, self._service, kinds)


def _with_position() -> FromClause:
    return EVENT.outerjoin(
        POSITION, and_(POSITION.c.source == EVENT.c.source, POSITION.c.subject == EVENT.c.subject)
    )  # fmt: skip


def _turns_ahead() -> ColumnElement[int]:
    """How far a fact is beyond the last that was dealt with: 1 when it is next."""
    return EVENT.c.version - func.coalesce(POSITION.c.version, 0)


def _pause_after(attempts: int) -> timedelta:
    """Return how long the next attempt waits, when so many were made before this one."""
    return min(timedelta(seconds=2**attempts), LONGEST_PAUSE)


def _due_ones() -> Select[Any]:
    at = EVENT.c.next_attempt_at
    now, too_far = bindparam("now", type_=at.type), bindparam("too_far", type_=at.type)
    return (
        select(EVENT.c.id, EVENT.c.source, EVENT.c.subject, EVENT.c.attempts, _UNTRIED.label("untried"))
        .select_from(_with_position())
        .where(_WAITING, or_(at.is_(None), at <= now, at > too_far), _turns_ahead() == 1)
        .order_by(EVENT.c.id)
        .limit(TRY_AT_ONCE)
    )


_DUE_ONES = Saying(_due_ones())
