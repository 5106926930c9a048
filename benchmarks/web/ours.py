"""The suite's pep service as a container runs it, log lines and all; `BENCH_DATABASE` is the database.

Served as `benchmarks.web.ours:app`. The clock stands still, so that every round meets the same day.
"""

from __future__ import annotations

import os

from benchmarks.web.ground import make_runtime
from services.pep.app import SPEC
from shared.platform.logs import write_json_lines
from suite.apart.web import application

write_json_lines("web", SPEC.name)
app = application(SPEC, make_runtime(os.environ["BENCH_DATABASE"]))
