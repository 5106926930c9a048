"""Seeing how the events fare, and letting a held one go on, from the command line."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from shared.contracts.envelope import Envelope
from shared.kernel.errors import Conflict, NotFound
from shared.platform.inbox import Inbox
from shared.platform.runtime import Runtime
from shared.platform.settings import SERVICES
from shared.testing.runtimes import MONDAY_MORNING, make_runtime
from suite.composition import SPECS
from suite.events import discarded, gap_skipped, replayed, told
from suite.home import Refusal

SCHEDULING = next(spec for spec in SPECS if spec.name == "scheduling")


@pytest.fixture
def runtime(tmp_path: Path) -> Iterator[Runtime]:
    made = make_runtime(tmp_path, SPECS)
    yield made
    made.close()


def hear(runtime: Runtime, version: int) -> None:
    """Let scheduling hear a fact that lacks what it needs."""
    envelope = Envelope(
        id=f"e-{version}",
        source="pep",
        type="pep.child.details_changed.v1",
        subject="child/c-1",
        subject_version=version,
        time=MONDAY_MORNING,
        data={"child_id": "c-1"},
        correlation_id="x",
    )
    inbox = Inbox(SCHEDULING, runtime, SERVICES)
    inbox.receive([envelope.to_bytes()])
    inbox.try_held()


def test_a_parked_event_is_shown_with_its_number_and_the_reason(runtime: Runtime) -> None:
    hear(runtime, 1)

    line = next(line for line in told(runtime).splitlines() if "scheduling:1 " in line)

    assert "parked: pep.child.details_changed.v1 child/c-1 1" in line
    assert "year_group" in line
    assert "held      0 waiting, 1 parked, 0 unreadable" in told(runtime)


def test_a_parked_event_can_be_tried_again_alone_or_with_all_others(runtime: Runtime) -> None:
    hear(runtime, 1)

    assert "tried again" in replayed(runtime, "scheduling:1")
    assert "held      1 waiting, 0 parked" in told(runtime)
    assert replayed(runtime, "all").startswith("0 parked")


def test_a_discarded_event_is_gone_and_its_reason_is_kept(runtime: Runtime) -> None:
    hear(runtime, 1)

    discarded(runtime, "scheduling:1", "sent by mistake")

    assert "parked:" not in told(runtime)
    assert "discarded 1" in told(runtime)


def test_an_event_behind_a_gap_can_be_let_go_on(runtime: Runtime) -> None:
    hear(runtime, 3)
    assert "waiting: pep.child.details_changed.v1 child/c-1 3" in told(runtime)

    gap_skipped(runtime, "scheduling:1", "backup restored")

    with pytest.raises(Conflict):
        gap_skipped(runtime, "scheduling:1", "again")


@pytest.mark.parametrize("wanted", ["1", "scheduling", "scheduling:", "nobody:1", "scheduling:x", "scheduling:²"])
def test_what_is_not_the_name_of_an_event_is_refused_in_one_line(runtime: Runtime, wanted: str) -> None:
    for act in (lambda: replayed(runtime, wanted), lambda: discarded(runtime, wanted, "x")):
        with pytest.raises(Refusal, match="not an event") as refusal:
            act()
        assert "\n" not in str(refusal.value)


def test_discarding_needs_a_reason_and_an_event_that_is_there(runtime: Runtime) -> None:
    with pytest.raises(Refusal, match="--why"):
        discarded(runtime, "scheduling:1", "  ")
    with pytest.raises(NotFound):
        discarded(runtime, "scheduling:1", "x")
