"""What policy and audit cost of the plan page and of the plan by API. Run with: python -m benchmarks.web.share

One thread asks the application, without a server in between, by turns as it is and with both left out: whoever asks is
let in unasked, and nothing is put on record. What is told is the processor time of a request, that of the database's
process included, and by how much of it the two differ. Who is asking is found out either way, and the team is read
either way, since the page shows it. Needs PostgreSQL (BENCH_ADMIN); writes `benchmarks/results/share.md`.
"""

from __future__ import annotations

import logging
import signal
import sys
import time
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from unittest.mock import patch

from werkzeug.test import EnvironBuilder, run_wsgi_app

from benchmarks.borrowed import new_postgresql
from benchmarks.events.report import machine, median, spread, table
from benchmarks.web import ground
from benchmarks.web.report import VERSIONS
from benchmarks.web.servers import processor_seconds
from services.pep.app import SPEC
from shared.platform.access import Standing
from shared.platform.auth import issue_token
from suite.apart.web import application

PLANS, ROUNDS, REQUESTS = 10, 5, 100
PATHS = {"the plan page": "/pep/plans/{}", "the plan by API": "/pep/api/plans/{}"}
RESULTS = Path(__file__).parents[1] / "results"


@contextmanager
def left_out() -> Iterator[None]:
    """Let everybody in unasked, and put nothing on record."""
    with (
        patch.object(Standing, "permit", lambda *_: None),
        patch.object(Standing, "may", lambda *_: True),
        patch("shared.platform.web.access._turn_away", lambda *_: None),
        patch("shared.platform.web.audit._steps", lambda *_: []),
    ):
        yield


def main() -> None:
    """Measure, and write what was found."""
    logging.disable()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # so that what was made is removed
    RESULTS.mkdir(exist_ok=True)
    rows = []
    with TemporaryDirectory() as folder, new_postgresql("share") as postgresql:
        for engine, url in (("SQLite", f"sqlite:///{folder}/pep.sqlite"), ("PostgreSQL", postgresql)):
            for what, found in _measured(url).items():
                shares = [1 - without / with_both for with_both, without in found]
                rows.append(
                    [
                        f"{what}, {engine}",
                        spread([each[0] for each in found], 2),
                        spread([each[1] for each in found], 2),
                        f"{100 * median(shares):.0f} %",
                    ]
                )
    text = "\n".join(
        [
            "# What policy and audit cost",
            "",
            f"{ROUNDS} interleaved rounds of {REQUESTS} requests; medians (lowest to highest) of the processor time",
            f"of a request in ms, the database's included. {machine(VERSIONS, '')}",
            "",
            table(["", "with both", "without", "their share"], rows),
            "",
        ]
    )
    (RESULTS / "share.md").write_text(text, encoding="utf-8")
    print(text)


def _measured(url: str) -> dict[str, list[tuple[float, float]]]:
    """Return for each path and round the milliseconds of a request with policy and audit, and without."""
    runtime = ground.make_runtime(url)
    filled = ground.fill(runtime, PLANS)
    asked: Any = application(SPEC, runtime)
    backends = ground.backends_of(url)
    found: dict[str, list[tuple[float, float]]] = defaultdict(list)
    for round_number in range(ROUNDS + 1):
        for what, path in PATHS.items():
            requests = [
                EnvironBuilder(
                    path.format(plan.plan_id),
                    headers={"Authorization": f"Bearer {issue_token(ground.SECRET, plan.person_id, ground.NOW)}"},
                ).get_environ()
                for plan in filled
            ]
            with_both = _milliseconds(asked, requests, backends)
            with left_out():
                without = _milliseconds(asked, requests, backends)
            if round_number:  # the first warms up
                found[what].append((with_both, without))
    runtime.close()
    return found


def _milliseconds(asked: Any, requests: list[dict[str, Any]], backends: Any) -> float:
    def spent() -> float:
        return time.process_time() + sum(map(processor_seconds, pids))

    pids = backends()
    before = spent()
    for number in range(REQUESTS):
        _, status, _ = run_wsgi_app(asked, dict(requests[number % len(requests)]), buffered=True)
        if not status.startswith("200"):
            raise SystemExit(f"A request failed: {status}")
    return 1000 * (spent() - before) / REQUESTS


if __name__ == "__main__":
    main()
