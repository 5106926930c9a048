"""The home folder: made, locked, refused."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from suite.home import Home, Refusal, readiness

HOLD = """
import sys
from pathlib import Path
from suite.home import Home
Home(Path(sys.argv[1])).lock()
print("held", flush=True)
sys.stdin.read()
"""


def test_a_home_that_is_a_file_is_refused_in_one_line(tmp_path: Path) -> None:
    taken = tmp_path / "taken"
    taken.write_text("a file, not a folder")
    with pytest.raises(Refusal) as refusal:
        Home(taken).make()
    assert str(taken) in str(refusal.value)
    assert "\n" not in str(refusal.value)
    assert taken.read_text() == "a file, not a folder"


def test_a_home_inside_a_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "taken").touch()
    with pytest.raises(Refusal, match="cannot be written to"):
        Home(tmp_path / "taken" / "home").make()


def test_a_home_held_by_another_process_is_refused_with_its_number(tmp_path: Path) -> None:
    home = Home(tmp_path)
    with subprocess.Popen(
        [sys.executable, "-c", HOLD, str(tmp_path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as other:
        assert other.stdout is not None
        assert other.stdout.readline() == "held\n"
        with pytest.raises(Refusal, match=rf"in use by another run \(process {other.pid}\)"):
            home.lock()
        other.kill()
        other.wait()
        os.close(home.lock())


def test_the_secret_is_made_once_and_readable_by_its_owner_alone(tmp_path: Path) -> None:
    home = Home(tmp_path)
    secret = home.secret()
    assert len(secret) > 40
    assert home.secret() == secret
    assert stat.S_IMODE((tmp_path / "secret").stat().st_mode) == 0o600


def test_a_home_is_ready_only_for_the_databases_it_was_made_ready_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = Home(tmp_path)
    assert not home.is_ready()
    home.ready.write_text(readiness())
    assert home.is_ready()
    monkeypatch.setenv("PEP_SUITE_PEP_DATABASE", "postgresql+psycopg://elsewhere/pep")
    assert not home.is_ready()


def test_a_command_on_a_home_that_was_never_started_says_how_to_start_it(tmp_path: Path) -> None:
    with pytest.raises(Refusal, match=r"start it once with \./run --home"):
        Home(tmp_path).expect()
