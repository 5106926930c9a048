"""A gap that nothing can fill any more is skipped, on either engine."""

from dataclasses import replace
from pathlib import Path

import pytest

from shared.platform.desk import held_events, unsent_events
from shared.platform.inbox import Inbox
from shared.platform.mending import Hand, mended
from shared.platform.rebuilding import skip_gaps
from shared.platform.settings import SERVICES
from shared.testing.bus import publish
from shared.testing.ledger import effects, fact, listener, teller
from shared.testing.runtimes import make_runtime
from shared.testing.servers import new_postgresql_database

__all__ = ["new_postgresql_database"]
TELLER, LISTENER = teller(), listener()


@pytest.mark.parametrize("engine", ["sqlite", pytest.param("postgresql", marks=pytest.mark.postgresql)])
def test_every_gap_is_skipped_once_and_what_waited_takes_effect(
    engine: str, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    runtime = make_runtime(tmp_path, [TELLER])
    if engine == "postgresql":
        address = request.getfixturevalue("new_postgresql_database")()
        runtime.settings = replace(runtime.settings, databases={**runtime.settings.databases, "scheduling": address})
    LISTENER.metadata.create_all(runtime.database("scheduling").engine)
    for child in ("a", "b"):
        publish(runtime, TELLER, f"child/{child}", *(fact(child, number) for number in (1, 2, 3)))
    with runtime.database("pep").reading() as connection:
        told = [each.to_bytes() for each in unsent_events(connection, TELLER.metadata)]
    inbox = Inbox(LISTENER, runtime, SERVICES)
    inbox.receive([told[1], told[2], told[3], told[5]])  # a: 2 and 3 without 1; b: 1, and 3 without 2
    hand = Hand("operator", runtime.clock.now())
    with runtime.database("scheduling").writing() as connection:
        assert skip_gaps(connection, hand) == 2
    with runtime.database("scheduling").writing() as connection:
        assert skip_gaps(connection, hand) == 0
        assert {(step.subject, step.version) for step in mended(connection)} == {("child/a", 2), ("child/b", 3)}
    inbox.try_held()
    with runtime.database("scheduling").reading() as connection:
        assert effects(connection, LISTENER) == {"a": [2, 3], "b": [1, 3]}
        assert held_events(connection) == []
    runtime.close()
