"""The process tree: fallen children are started again, and nobody outlives the supervisor."""

from __future__ import annotations

import io
import os
import signal
import socket
import subprocess
import sys
import textwrap
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from suite.home import Refusal
from suite.supervisor import GIVE_UP_AFTER, Child, listen

SUPERVISOR = """
import sys
from pathlib import Path
from suite.supervisor import Child, watch
folder = Path(sys.argv[1])
children = [
    Child(name, [sys.executable, "-c", sys.argv[2], str(folder / name)], [], (folder / f"{name}.log").open("ab"))
    for name in sys.argv[3:]
]
sys.exit(watch(children))
"""
# A child as ours are: it writes its number down, follows the pipe on its standard input, and leaves on SIGTERM.
OBEDIENT = """
import os, signal, sys
signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
with open(sys.argv[1], "a") as pids: print(os.getpid(), file=pids)
os.read(0, 1)
"""
DEAF = OBEDIENT.replace(
    "signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))", "signal.signal(signal.SIGTERM, signal.SIG_IGN)"
)
FALLING = "import sys; print('cannot go on', file=sys.stderr); sys.exit(3)"


@pytest.fixture
def supervise(tmp_path: Path) -> Iterator[Callable[..., subprocess.Popen[str]]]:
    started = []

    def start(child: str, *names: str) -> subprocess.Popen[str]:
        process = subprocess.Popen(
            [sys.executable, "-c", SUPERVISOR, str(tmp_path), textwrap.dedent(child), *names],
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )
        started.append(process)
        return process

    yield start
    for process in started:
        process.kill()
        process.communicate()


def numbers(file: Path, count: int) -> list[int]:
    """Return the process numbers written so far, once there are `count`."""
    deadline = time.monotonic() + 15
    while time.monotonic() < deadline:
        if file.exists() and len(found := file.read_text().split()) >= count:
            return [int(number) for number in found]
        time.sleep(0.01)
    raise AssertionError(f"{file.name} was not started {count} times")


def gone(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return True
    state = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0]
    return state == "Z"


def wait_until_gone(process: int) -> None:
    deadline = time.monotonic() + 10
    while not gone(process):
        assert time.monotonic() < deadline, f"process {process} outlived the supervisor"
        time.sleep(0.01)


def test_a_killed_child_is_started_again_and_the_other_goes_on(
    tmp_path: Path, supervise: Callable[..., subprocess.Popen[str]]
) -> None:
    supervise(OBEDIENT, "web", "worker")
    (first,) = numbers(tmp_path / "web", 1)
    (other,) = numbers(tmp_path / "worker", 1)
    os.kill(first, signal.SIGKILL)
    _, second = numbers(tmp_path / "web", 2)
    assert gone(first)
    assert not gone(second)
    assert numbers(tmp_path / "worker", 1) == [other]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_request_to_stop_stops_the_whole_tree_cleanly(
    number: signal.Signals, tmp_path: Path, supervise: Callable[..., subprocess.Popen[str]]
) -> None:
    process = supervise(OBEDIENT, "web", "worker")
    children = [*numbers(tmp_path / "web", 1), *numbers(tmp_path / "worker", 1)]
    process.send_signal(number)
    assert process.wait(10) == 0
    assert all(gone(child) for child in children)


def test_a_child_that_will_not_stop_is_ended(tmp_path: Path, supervise: Callable[..., subprocess.Popen[str]]) -> None:
    process = supervise(DEAF, "web")
    (child,) = numbers(tmp_path / "web", 1)
    process.send_signal(signal.SIGINT)
    time.sleep(0.2)
    process.send_signal(signal.SIGINT)  # a second Ctrl-C does not wait
    assert process.wait(3) == 0
    assert gone(child)


def test_children_do_not_outlive_a_killed_supervisor(
    tmp_path: Path, supervise: Callable[..., subprocess.Popen[str]]
) -> None:
    process = supervise(OBEDIENT, "web", "worker")
    children = [*numbers(tmp_path / "web", 1), *numbers(tmp_path / "worker", 1)]
    process.kill()
    for child in children:
        wait_until_gone(child)


def test_a_child_that_keeps_falling_ends_the_run_and_names_its_log(
    tmp_path: Path, supervise: Callable[..., subprocess.Popen[str]]
) -> None:
    process = supervise(FALLING, "web")
    _, said = process.communicate(timeout=60)
    assert process.returncode == 1
    assert str(tmp_path / "web.log") in said
    assert "cannot go on" in (tmp_path / "web.log").read_text()


def test_a_child_is_not_given_up_for_being_killed_from_outside() -> None:
    child = Child("web", [], [], io.BytesIO(), started=time.monotonic())
    for _ in range(3 * GIVE_UP_AFTER):
        child.note_fall(-signal.SIGKILL)
    assert child.falls == 0
    assert child.start_at > time.monotonic()


def test_a_taken_port_is_refused_in_one_line() -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        with pytest.raises(Refusal) as refusal:
            listen(port)
    assert str(port) in str(refusal.value)
    assert "--port" in str(refusal.value)
    assert "\n" not in str(refusal.value)
