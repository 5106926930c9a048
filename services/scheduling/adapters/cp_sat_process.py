"""The solver in a process of its own: it may take every processor, memory and a crash of its own, and can be stopped.

The problem goes in as one line of JSON, each step comes out as one. Run by itself, this module is that process.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Mapping
from dataclasses import asdict, replace
from pathlib import Path
from selectors import EVENT_READ, DefaultSelector
from time import monotonic
from typing import Any

from services.scheduling.adapters.cp_sat import Step, improve
from services.scheduling.domain.term_plan import Attendee, Problem, Starts, ToPlace, Worth

PAUSE = 1.0
PATIENCE = 60.0
"""How long after its time the solver may still be at work before it is ended; to put the model takes some of it."""

_ROOT = Path(__file__).parents[3]


class SolverFailed(Exception):
    """The process of the solver ended without a word."""


def improve_apart(problem: Problem, hint: Starts, seconds: float, tell: Callable[[Step | None], bool]) -> Step | None:
    """Look for a better draft for so many seconds in another process; return the best step, or None without any.

    `tell` hears of the progress every second (None when there is none) and answers whether to go on.
    """
    command = [sys.executable, "-m", __name__]
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=_ROOT)  # noqa: S603
    try:
        assert process.stdin is not None  # noqa: S101 - asked for above
        assert process.stdout is not None  # noqa: S101 - asked for above
        process.stdin.write(json.dumps([problem_data(problem), dict(hint), seconds]).encode() + b"\n")
        process.stdin.close()
        return _listen(process.stdout.fileno(), tell, monotonic() + seconds + PATIENCE)
    finally:
        process.kill()
        process.wait()
        if process.stdout is not None:
            process.stdout.close()


def _listen(pipe: int, tell: Callable[[Step | None], bool], until: float) -> Step | None:
    """Hear the solver out; return its best draft with the last bound."""
    best: Step | None = None
    news: Step | None = None
    told, waiting, ended = monotonic(), b"", False
    with DefaultSelector() as selector:
        selector.register(pipe, EVENT_READ)
        while not ended and monotonic() < until:
            if selector.select(PAUSE):
                read = os.read(pipe, 1 << 16)
                ended = not read
                *lines, waiting = (waiting + read).split(b"\n")
                for line in lines:
                    news = _step(json.loads(line))
                    best = news if news.starts is not None or best is None else replace(news, starts=best.starts)
            if monotonic() - told >= PAUSE and not ended:
                told = monotonic()
                if not tell(best if news is not None else None):
                    return best
                news = None
    return best


def _step(data: Mapping[str, Any]) -> Step:
    return Step(**data)


def problem_data(problem: Problem) -> dict[str, Any]:
    """Return a problem as JSON can hold it; masks are longer than its numbers, so they are written in hex."""
    return {
        "cells": problem.cells,
        "weeks": problem.weeks,
        "travel": problem.travel,
        "worth": asdict(problem.worth),
        "people": [{**asdict(one), "free": hex(one.free)} for one in problem.people.values()],
        "meetings": [{**asdict(one), "starts": hex(one.starts), "wider": []} for one in problem.meetings],
    }


def problem_from(data: Mapping[str, Any]) -> Problem:
    """Return the problem that `problem_data` wrote; the solver needs no wider starts."""
    people = [Attendee(**{**one, "free": int(one["free"], 16)}) for one in data["people"]]
    meetings = tuple(
        ToPlace(
            **{
                **one,
                "starts": int(one["starts"], 16),
                "wider": (),
                **{name: tuple(one[name]) for name in ("required", "optional", "hours")},
            }
        )
        for one in data["meetings"]
    )
    known = {one.id: one for one in people}
    return Problem(data["cells"], tuple(data["weeks"]), meetings, known, data["travel"], Worth(**data["worth"]))


def main() -> None:
    """Read a problem, improve it, and write each step; other work on the machine goes first."""
    os.nice(10)
    data, hint, seconds = json.loads(sys.stdin.readline())

    def write(step: Step) -> None:
        sys.stdout.write(json.dumps(asdict(step)) + "\n")
        sys.stdout.flush()

    write(improve(problem_from(data), hint, seconds, write))


if __name__ == "__main__":
    main()
