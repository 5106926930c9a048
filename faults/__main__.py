"""Bring faults about and print the table of what was lost, doubled or out of order: see `python -m faults --help`."""

from __future__ import annotations

import argparse
import multiprocessing
import os
import random
import sys
import tempfile
import time
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from pathlib import Path

from faults.all_faults import BY_NAME, FAULTS, bring_about
from faults.ground import FORMS, Ground
from faults.outcome import Kept, Outcome, Skipped, table, totals


def main(words: Sequence[str] | None = None) -> int:
    """Bring about the faults asked for; return 0 only if everything came as promised."""
    asked = _parser().parse_args(words)
    # Whatever the processes say about the faults they meet goes into a file, not between the lines of the table.
    said = Path(tempfile.mkstemp(prefix="pep-suite-faults-", suffix=".log")[1])
    with said.open("ab") as file:
        os.dup2(file.fileno(), sys.stderr.fileno())
    started = time.monotonic()
    trials = [
        (fault.name, form)
        for fault in (FAULTS if not asked.only else [BY_NAME[name] for name in asked.only])
        for form in ([asked.form] if asked.form else FORMS)
    ]
    kept = Kept(asked.keep) if asked.keep else None
    came: dict[tuple[str, str], Outcome | Skipped] = {}
    before = kept.read() if kept else {}
    came.update(before)
    with ProcessPoolExecutor(asked.at_once, mp_context=multiprocessing.get_context("fork")) as pool:
        begun = {
            pool.submit(_try, *trial, asked.long, asked.seed): trial
            for trial in trials
            if trial not in before or not before[trial].is_as_promised
        }
        for ended in as_completed(begun):
            result = came[begun[ended]] = ended.result()
            if kept and isinstance(result, Outcome):
                kept.add(begun[ended][0], result)
            print(table([result]).splitlines()[-1], flush=True)
    results = [came[trial] for trial in trials]
    print(f"\n{table(results)}\n\n{totals(results)}")
    print(f"{time.monotonic() - started:.0f} s in all, seed {asked.seed}. What the processes said: {said}")
    return 0 if all(isinstance(each, Skipped) or each.is_as_promised for each in results) else 1


def _try(name: str, form: str, is_long: bool, seed: int) -> Outcome | Skipped:
    return bring_about(BY_NAME[name], Ground(form, is_long, random.Random(seed)))  # nosec B311  # which fault comes when is no secret


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m faults", description=__doc__)
    length = parser.add_mutually_exclusive_group()
    length.add_argument("--long", action="store_true", help="each crash point 50 times, much load: some 20 minutes")
    length.add_argument("--short", action="store_false", dest="long", help="a few seconds for each fault (the default)")
    parser.add_argument("--form", choices=FORMS, help="only the embedded form, or only PostgreSQL and RabbitMQ")
    parser.add_argument("--only", action="append", choices=sorted(BY_NAME), metavar="NAME", help="only this fault")
    parser.add_argument(
        "--at-once", type=int, default=os.cpu_count(), metavar="N",
        help="how many faults side by side, each on a ground of its own (default: one for each processor)",
    )  # fmt: skip
    parser.add_argument(
        "--keep", type=Path, metavar="FILE",
        help="keep in FILE what came of each, and try no more what came as promised: a long run in pieces",
    )  # fmt: skip
    parser.add_argument("--seed", type=int, default=20261121, help="where chance starts")
    return parser


if __name__ == "__main__":
    raise SystemExit(main())
