"""The short form of the faults that no other test brings about; `python -m faults --long` is the long one.

Killing at crash points and at random, and the two ways of doing it wrong, are in `tests/platform/test_crash.py`.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from faults.all_faults import BY_NAME, bring_about
from faults.ground import Ground
from faults.outcome import Kept, Outcome, Skipped, table, totals

ROOT = Path(__file__).parents[2]
SERVERS = pytest.param("servers", marks=[pytest.mark.postgresql, pytest.mark.rabbitmq])
ON_BOTH = ("duplicates-and-disorder", "kill-mail-sender-after_mail_taken", "one-slot")
# The full disk is tried by `python -m faults --only disk-full`: it needs root, and pauses that no test has time for.
EMBEDDED_ONLY = (
    "clock-changes",
    "clock-set",
    "kill-web",
    "mail-put-off",
    "mail-refused",
    "mail-silent",
    "poison",
    "works-the-third-time",
)
SERVERS_ONLY = ("broker-out-of-reach", "database-sessions-ended", "http-without-broker", "many-at-once")


@pytest.fixture(autouse=True)
def _quiet(caplog: pytest.LogCaptureFixture) -> Iterator[None]:
    with caplog.at_level(logging.CRITICAL):
        yield


@pytest.mark.parametrize("form", ["embedded", SERVERS])
@pytest.mark.parametrize("name", ON_BOTH)
def test_on_both_forms_it_comes_as_promised(name: str, form: str) -> None:
    comes_as_promised(name, form)


@pytest.mark.parametrize("name", EMBEDDED_ONLY)
def test_on_the_embedded_form_it_comes_as_promised(name: str) -> None:
    comes_as_promised(name, "embedded")


@pytest.mark.postgresql
@pytest.mark.rabbitmq
@pytest.mark.parametrize("name", SERVERS_ONLY)
def test_on_servers_it_comes_as_promised(name: str) -> None:
    comes_as_promised(name, "servers")


def test_no_crash_point_is_left_out() -> None:
    code = [*(ROOT / "shared" / "platform").rglob("*.py"), *(ROOT / "services").rglob("*.py")]
    points = {point for path in code for point in re.findall(r'crashpoint\("(\w+)"\)', path.read_text())}

    assert points
    assert points <= {name.rpartition("-")[2] for name in BY_NAME if name.startswith("kill-")}


def comes_as_promised(name: str, form: str) -> None:
    result = bring_about(BY_NAME[name], Ground(form, is_long=False))
    if isinstance(result, Skipped):
        pytest.skip(result.why)
    assert result.events > 0
    assert result.is_as_promised, result


def test_the_table_says_what_is_not_as_promised_and_what_was_skipped() -> None:
    lost = Outcome("a fault", "embedded", tries=3, events=1000, lost=1)
    unnoticed = Outcome("a control", "embedded", tries=1, events=10, control=True)
    rows = table([lost, unnoticed, Skipped("another", "servers", "no server")]).splitlines()
    assert "NOT AS PROMISED" in rows[2]
    assert "NOT FOUND OUT" in rows[3]
    assert "skipped: no server" in rows[4]
    assert totals([lost, unnoticed]) == (
        "0 kills, 1,000 events: 1 lost, 0 doubled, 0 out of order; 0 of 1 negative controls found out."
    )


def test_a_mail_sent_twice_is_as_promised_only_where_its_sender_died() -> None:
    assert Outcome("mail", "embedded", 2, 10, doubled=2, doubled_allowed=2).is_as_promised
    assert not Outcome("mail", "embedded", 2, 10, doubled=3, doubled_allowed=2).is_as_promised


def test_a_run_in_pieces_keeps_what_came_and_says_what_was_tried_again(tmp_path: Path) -> None:
    kept = Kept(tmp_path / "came")
    assert kept.read() == {}
    lost = Outcome("a fault", "embedded", tries=3, events=1000, lost=1, left_over=("a fact",))
    sound = Outcome("a fault", "embedded", tries=3, events=1000, kills=3, note="as it says")
    kept.add("one", lost)
    kept.add("other", sound)
    assert kept.read() == {("one", "embedded"): lost, ("other", "embedded"): sound}

    kept.add("one", sound)
    assert not kept.read()["one", "embedded"].went_wrong
    assert kept.read()["one", "embedded"].note == "as it says; not as promised at first"
