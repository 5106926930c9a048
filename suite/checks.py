"""What `./test` does: the linters, the type checker, the map of imports and the tests, each shown with its time.

Standard library only, so that `./test --help` answers before anything is installed.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent

HELP = """\
usage: ./test [PYTEST ARGUMENTS]

Without arguments: ruff (rules and format), mypy, bandit, import-linter and all tests, two at a time.
With arguments: only the tests they name, for example
  ./test -k meeting            tests whose name speaks of a meeting
  ./test tests/scheduling -x   one folder, stop at the first failure
  ./test --compose             build and start docker-compose.yml, walk through it, restart each container

Tests that need PostgreSQL, RabbitMQ, Chromium, Dovecot, libical or Node run when these are found.
With CI=true their absence is a failure.
"""

PRODUCT = ("shared", "services", "suite", "faults", "maintenance")
PATHS = (*PRODUCT, "tests", "run", "test")
# Its log warns of every remark that two of its rules could have meant; what it finds is printed all the same.
BANDIT = "import logging; logging.disable(logging.WARNING); from bandit.cli.main import main; main()"
CHECKS = (
    ("ruff rules", ("-m", "ruff", "check", "--quiet", *PATHS)),
    ("ruff format", ("-m", "ruff", "format", "--check", "--quiet", *PATHS)),
    ("mypy", ("-m", "mypy")),
    ("bandit", ("-c", BANDIT, "--quiet", "--configfile", "pyproject.toml", "--recursive", *PRODUCT)),
    ("import-linter", ("-c", "from importlinter.cli import lint_imports_command; lint_imports_command()")),
    ("tests", ("-m", "pytest", "-q", "-n", "2", "--dist", "loadfile", "--no-loadscope-reorder")),
)


def main(arguments: list[str]) -> int:
    """Run the checks, or only pytest with `arguments`; return 0 only when everything passed."""
    os.chdir(ROOT)
    if arguments and arguments[0] == "--compose":
        os.environ["PEP_SUITE_TEST_COMPOSE"] = "yes"
        return _call(("-m", "pytest", "-v", "tests/compose", *arguments[1:]))
    if arguments:
        return _call(("-m", "pytest", *arguments))
    outcomes = []
    for name, command in CHECKS:
        print(f"== {name}", flush=True)
        started = time.monotonic()
        code = _call(command)
        outcomes.append((name, code, time.monotonic() - started))
    print("\n".join(f"{'passed' if code == 0 else 'FAILED'}  {took:6.1f} s  {name}" for name, code, took in outcomes))
    print(f"        {sum(took for _, _, took in outcomes):6.1f} s  in all")
    return 1 if any(code for _, code, _ in outcomes) else 0


def _call(command: tuple[str, ...]) -> int:
    return subprocess.run([sys.executable, *command], check=False).returncode


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
