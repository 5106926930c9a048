"""The suite's pep service as a container runs it, log lines and all; `BENCH_DATABASE` is the database.

With `BENCH_FORGET` no answer is remembered: every reading is as the first of that plan by that person.

Served as `benchmarks.web.ours:app`. The clock stands still, so that every round meets the same day.
"""

from __future__ import annotations

import os

from benchmarks.web.ground import make_runtime
from services.pep.app import SPEC
from services.pep.entrypoints.api import plans
from shared.platform.logs import write_json_lines
from shared.platform.web.answers import Remembered
from suite.apart.web import application

if "BENCH_FORGET" in os.environ:
    plans._ANSWERS = Remembered(kept=0)
write_json_lines("web", SPEC.name)
app = application(SPEC, make_runtime(os.environ["BENCH_DATABASE"]))
