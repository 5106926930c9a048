"""How every peer publishes: as fast as its own API allows, or at a steady rate; prints the seconds it took."""

import json
import sys
import time
from collections.abc import Callable


def publish(send: Callable[[int, float], object], count: int, rate: float) -> None:
    """Call `send(number, sent_at)` `count` times; `rate` is messages a second, 0 for as fast as it goes."""
    started = time.perf_counter()
    for number in range(count):
        if rate:
            time.sleep(max(0.0, started + number / rate - time.perf_counter()))
        send(number, time.time())
    json.dump({"seconds": time.perf_counter() - started}, sys.stdout)


def words() -> tuple[str, int, float]:
    """Return what the command line asks for: publish or work, how many, how fast."""
    return sys.argv[1], int(sys.argv[2]) if len(sys.argv) > 2 else 0, float(sys.argv[3]) if len(sys.argv) > 3 else 0.0
