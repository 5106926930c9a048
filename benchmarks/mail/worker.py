"""The worker's part: sends what waits, and says after each thousand how much memory it holds.

python -m benchmarks.mail.worker HOME PORT
"""

from __future__ import annotations

import sys
from pathlib import Path
from time import perf_counter, process_time

from benchmarks.mail.ground import at
from services.scheduling.app import SPEC
from services.scheduling.entrypoints.send_mail import send_due_mail


def resident() -> float:
    """Return this process's resident memory in megabytes."""
    status = Path("/proc/self/status").read_text()
    return int(status.split("VmRSS:")[1].split()[0]) / 1024


def main() -> None:
    """Send until nothing waits."""
    runtime = at(Path(sys.argv[1]), int(sys.argv[2]))
    print(f"before {0:6} {resident():.1f}", flush=True)
    began, spent, sent, said = perf_counter(), process_time(), 0, 0
    while more := send_due_mail(runtime, SPEC):
        sent += more
        while sent // 1000 > said:
            said += 1
            print(f"memory {said * 1000} {resident():.1f}", flush=True)
    print(f"sent {sent} {perf_counter() - began:.2f} {process_time() - spent:.2f}", flush=True)
    runtime.close()


if __name__ == "__main__":
    main()
