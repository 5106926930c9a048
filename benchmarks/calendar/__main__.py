"""Times what meetings cost: an invitation, an answer, a published diary, finding times; each beside other ways.

.venv/bin/python -m benchmarks.calendar

Times are of the processor, the best of rounds, all of one run. Ends with 1 when a target is missed.
"""

from __future__ import annotations

import sys

from benchmarks.calendar import finding, finding_all, reading, writing


def main() -> int:
    """Print each job with a line for each way to do it; return 1 when a target is missed."""
    missed = False
    for part in (writing, reading, finding, finding_all):
        for figure in part.figures():
            late = bool(figure.target) and figure.ours > figure.target
            missed = missed or late
            wanted = f"   at most {figure.target:g} ms{': missed' if late else ''}" if figure.target else ""
            print(f"{figure.job:38}{figure.ours:10.3f} ms{wanted}")
            for way, took in figure.others.items():
                print(f"    {way:34}{took:10.3f} ms   ours takes {figure.ours / took:.2f} of it")
    return int(missed)


if __name__ == "__main__":
    sys.exit(main())
