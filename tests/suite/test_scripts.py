"""`run` and `test` before anything is installed."""

from __future__ import annotations

import ast
import hashlib
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from suite.checks import ROOT

COMMANDS = [
    "people", "record-person", "token", "import-ssda903", "import-schools", "import-terms", "receive-mail", "events",
]  # fmt: skip


@pytest.mark.parametrize("script", ["run", "test"])
def test_an_old_python_gets_one_clear_line(script: str) -> None:
    source = (ROOT / script).read_text()
    ast.parse(source, feature_version=(3, 6))  # so that it is read at all
    pretend = f"import sys; sys.version_info = (3, 9, 2); exec(compile({source!r}, {script!r}, 'exec'))"
    answer = subprocess.run([sys.executable, "-c", pretend], capture_output=True, text=True, check=False)
    assert answer.returncode == 2
    assert answer.stderr == "PEP Suite needs Python 3.11 or later; this is Python 3.9.\n"
    assert answer.stdout == ""


def test_help_names_every_command_without_setting_anything_up(tmp_path: Path) -> None:
    answer = call("--help", cwd=tmp_path)
    assert answer.returncode == 0
    for word in (*COMMANDS, "--home", "--port", "--empty"):
        assert word in answer.stdout


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_has_help_and_a_home(command: str, tmp_path: Path) -> None:
    answer = call(command, "--help", cwd=tmp_path)
    assert answer.returncode == 0
    assert "--home DIR" in answer.stdout


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--port", "http"], "'http' is not a port"),
        (["--port", "70000"], "'70000' is not a port"),
        (["tokens"], "invalid choice: 'tokens'"),
        (["token"], "required: NAME"),
        (["people", "--hom=x"], "unrecognized arguments: --hom=x"),
    ],
)
def test_a_mistake_on_the_command_line_gets_one_line(words: list[str], said: str, tmp_path: Path) -> None:
    answer = call(*words, cwd=tmp_path)
    assert answer.returncode == 2
    assert said in answer.stderr
    assert answer.stderr.count("\n") == 1


@pytest.fixture
def fresh_clone(tmp_path: Path) -> Path:
    """Return a folder with what `./run` needs before anything is installed."""
    for name in ("run", "requirements.lock", "suite/__init__.py", "suite/arguments.py", "suite/environment.py"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        shutil.copy(ROOT / name, tmp_path / name)
    return tmp_path


def test_a_machine_without_uv_and_ensurepip_is_told_in_one_line_what_to_install(fresh_clone: Path) -> None:
    run = f"runpy.run_path({str(fresh_clone / 'run')!r}, run_name='__main__')"
    hide = f"import runpy, sys; sys.modules['ensurepip'] = None; sys.argv = ['run']; {run}"
    answer = subprocess.run(
        [sys.executable, "-I", "-c", hide], capture_output=True, text=True, check=False, env={"PATH": str(fresh_clone)}
    )
    assert answer.returncode == 2
    assert "python3-venv" in answer.stderr.splitlines()[-1]
    assert "Traceback" not in answer.stderr
    assert not (fresh_clone / ".venv").exists()


def test_an_environment_that_is_current_is_entered_without_setting_it_up_again(fresh_clone: Path) -> None:
    python = fresh_clone / ".venv" / "bin" / "python"
    python.parent.mkdir(parents=True)
    python.write_text('#!/bin/sh\necho "entered with $*"\n')
    python.chmod(0o755)
    digest = hashlib.sha256((fresh_clone / "requirements.lock").read_bytes()).hexdigest()
    (fresh_clone / ".venv" / ".pep-suite-run").write_text(digest)
    answer = subprocess.run(
        [sys.executable, "-I", str(fresh_clone / "run"), "people"], capture_output=True, text=True, check=False
    )
    assert (answer.stdout, answer.stderr) == ("entered with -m suite people\n", "")


def call(*words: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-I", str(ROOT / "run"), *words], capture_output=True, text=True, check=False, cwd=cwd
    )
