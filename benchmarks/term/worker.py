"""One service's worker, on queues of this run alone: python -m benchmarks.term.worker SERVICE."""

from __future__ import annotations

import signal
import sys
import threading

from benchmarks.term.ground import make_bus, make_runtime
from shared.platform.worker import run_worker
from suite.apart.services import named


def main() -> None:
    """Work until told to stop."""
    stop = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: stop.set())
    runtime = make_runtime()
    run_worker([named(sys.argv[1])], runtime, stop, bus=make_bus(runtime))
    runtime.close()


if __name__ == "__main__":
    main()
