"""What was erased is written down outside the databases, and erased again after an older backup is restored."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from services.pep.adapters.children_store import name_of
from services.pep.app import SPEC as PEP
from services.pep.application import retention
from shared.kernel.clock import FixedClock
from shared.platform import erasure
from shared.platform.erasure_register import ForgedLine, file_of, read_register, signed, write_down
from shared.platform.runtime import Runtime
from shared.testing.runtimes import make_runtime
from suite.arguments import parse
from suite.commands import act
from suite.home import Refusal
from tests.suite.access_world import SPECS, AccessWorld
from tests.suite.test_erasure import IN_2090, prepare


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[AccessWorld]:
    yield (made := prepare(AccessWorld(tmp_path_factory.mktemp("register"))))
    made.runtime.close()


@pytest.fixture
def as_it_was(world: AccessWorld, tmp_path: Path) -> Iterator[Runtime]:
    """The databases as a backup from before the erasure has them."""
    world.runtime.close()
    shutil.copytree(world.runtime.settings.home, tmp_path / "restored")
    runtime = make_runtime(tmp_path / "restored", SPECS, IN_2090)
    yield runtime
    runtime.close()


def child_name(runtime: Runtime, child_id: str) -> str:
    with runtime.database("pep").reading() as connection:
        return name_of(connection, child_id)


def test_a_line_that_nobody_signed_erases_nothing(world: AccessWorld, tmp_path: Path) -> None:
    forged, child_id = tmp_path / "erasures.jsonl", world.things["ours"]["child_id"]
    stone = erasure.Tombstone(1, child_id, "northmoor", "", "birthday", IN_2090.date(), "a", "b", IN_2090, (), {})
    forged.write_text(signed(stone, "another secret") + "\n")
    with pytest.raises(ForgedLine):
        read_register(forged, [world.runtime.settings.secret])
    with pytest.raises(Refusal, match="Nothing was erased"):
        act(world.runtime, "erasures", parse(["erasures", "again", str(forged)]))
    with pytest.raises(Refusal, match="not there"):
        act(world.runtime, "erasures", parse(["erasures", "again", str(tmp_path / "none")]))
    assert child_name(world.runtime, child_id) == "Child Ours"


def test_a_restored_backup_gives_no_erased_record_back(
    world: AccessWorld, as_it_was: Runtime, capsys: pytest.CaptureFixture[str]
) -> None:
    child_id, clock = world.things["ours"]["child_id"], world.runtime.clock
    assert isinstance(clock, FixedClock)
    clock.set(IN_2090)
    with world.acting(PEP, "our-virtual_school_head") as work:
        request = retention.ask_for_erasure(work, child_id)
    with world.acting(PEP, "our-team_manager") as work:
        stone = retention.approve_erasure(work, request.id)
    assert [write_down(world.runtime, PEP) for _ in range(2)] == [1, 0]
    register = file_of(world.runtime)
    assert not [word for word in ("700000", "Ours") if word in register.read_text()]
    assert register.stat().st_mode & 0o777 == 0o600

    assert child_name(as_it_was, child_id) == "Child Ours"
    for told in ("1 record of 1 in the register had come back", "0 records of 1"):
        assert act(as_it_was, "erasures", parse(["erasures", "again", str(register)])) == 0
        assert told in capsys.readouterr().out

    assert child_name(as_it_was, child_id) == ""
    with as_it_was.database("pep").reading() as connection:
        again = erasure.find(connection, child_id)
    assert again is not None
    assert (again.erased_at, again.approved_by, again.mark) == (stone.erased_at, "our-team_manager", stone.mark)
    assert act(as_it_was, "erasures", parse(["erasures"])) == 0
    assert f"record {child_id} of northmoor" in capsys.readouterr().out
    assert child_id in file_of(as_it_was).read_text()
