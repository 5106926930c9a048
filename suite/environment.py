"""The Python environment in `.venv`: made once, from the hashed lock, with what the machine has.

Standard library only, because it runs before anything is installed.
"""

from __future__ import annotations

import fcntl
import hashlib
import importlib.util
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Literal, NoReturn

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
PYTHON = VENV / "bin" / "python"
LOCKS = {"run": ROOT / "requirements.lock", "test": ROOT / "requirements-test.lock"}

Kind = Literal["run", "test"]


def enter(kind: Kind, arguments: list[str]) -> NoReturn:
    """Make sure of the environment for `kind`, then become `.venv/bin/python` with these arguments."""
    if not _is_current(kind):
        _set_up(kind)
    environ = dict(os.environ, PYTHONPATH=str(ROOT), PYTHONSAFEPATH="1")
    os.execve(PYTHON, [str(PYTHON), *arguments], environ)  # nosec B606  # noqa: S606


def _set_up(kind: Kind) -> None:
    lock = os.open(ROOT, os.O_RDONLY)
    fcntl.flock(lock, fcntl.LOCK_EX)  # a second ./run on a fresh clone waits here, then finds it done
    if not _is_current(kind):
        print("Setting up Python packages in .venv (once) …", file=sys.stderr, flush=True)
        uv = _working_uv()
        if not _works(PYTHON):
            _make_venv(uv)
        _install(uv, LOCKS[kind])
        _stamp(kind).write_text(_digest(kind))
    os.close(lock)


def _make_venv(uv: str | None) -> None:
    if uv:
        _call([uv, "venv", "--quiet", "--clear", "--python", sys.executable, str(VENV)])
    elif importlib.util.find_spec("ensurepip") is None:
        _refuse(
            "This Python cannot make a virtual environment: install python3-venv "
            "(Debian or Ubuntu: sudo apt install python3-venv), or uv, and start again."
        )
    else:
        _call([sys.executable, "-m", "venv", "--clear", str(VENV)])


def _install(uv: str | None, lock: Path) -> None:
    if uv:
        _call([uv, "pip", "install", "--quiet", "--python", str(PYTHON), "--require-hashes", "-r", str(lock)])
        return
    pip = [str(PYTHON), "-m", "pip", "--disable-pip-version-check"]
    if subprocess.run([*pip, "--version"], capture_output=True, check=False).returncode:
        _call([str(PYTHON), "-m", "ensurepip", "--upgrade"])
    _call([*pip, "install", "--quiet", "--require-hashes", "-r", str(lock)])


def _working_uv() -> str | None:
    uv = shutil.which("uv")
    return uv if uv and _works(Path(uv)) else None


def _works(program: Path) -> bool:
    try:
        return subprocess.run([program, "--version"], capture_output=True, check=False).returncode == 0
    except OSError:
        return False


def _call(command: list[str]) -> None:
    if subprocess.run(command, check=False).returncode:
        _refuse(f"Setting up failed at: {' '.join(command[:4])} … (see above). Nothing was started; try again.")


def _is_current(kind: Kind) -> bool:
    try:
        return _stamp(kind).read_text() == _digest(kind)
    except OSError:
        return False


def _stamp(kind: Kind) -> Path:
    return VENV / f".pep-suite-{kind}"


def _digest(kind: Kind) -> str:
    return hashlib.sha256(LOCKS[kind].read_bytes()).hexdigest()


def _refuse(line: str) -> NoReturn:
    print(line, file=sys.stderr)
    raise SystemExit(2)
