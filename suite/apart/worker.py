"""A service's worker process."""

from __future__ import annotations

import signal
import threading
from collections.abc import Mapping

from shared.platform.bus import Bus
from shared.platform.logs import write_json_lines
from shared.platform.metrics_port import telling_life
from shared.platform.production import from_environment
from shared.platform.runtime import Runtime
from shared.platform.worker import run_worker, settle
from suite.apart.check import PORT
from suite.apart.services import named


def work(service: str, environ: Mapping[str, str]) -> int:
    """Carry a service's events and do its jobs until told to stop. Raises `UnusableSettings`.

    The exchanges and queues must be there: the service's own login may not make any.
    """
    settings = from_environment(environ, [service])
    write_json_lines("worker", service)
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    runtime = Runtime(settings)
    settle()
    with telling_life(runtime.life, PORT):
        run_worker([named(service)], runtime, stop, bus=Bus(settings.broker, declares=False))
    runtime.close()
    return 0
