"""Write the golden sample of every event type that has none yet.

Usage: python -m maintenance.golden_samples

A golden sample is never written anew: it is a promise to whoever reads that version. A field that is added has a
default, and the samples that lack it stay readable; anything else is a new version of the event.
"""

from __future__ import annotations

from pathlib import Path

import orjson

import shared.contracts.pep
import shared.contracts.scheduling
import shared.contracts.virtual_school  # noqa: F401 - each declares its events
from shared.contracts.registry import all_events
from shared.testing.samples import sample_envelope

GOLDEN = Path(__file__).parents[1] / "tests" / "contracts" / "golden"


def main() -> None:
    """Write what is missing, and say what was written."""
    GOLDEN.mkdir(exist_ok=True)
    for name, event_type in all_events().items():
        file = GOLDEN / f"{name}.json"
        if not file.exists():
            body = orjson.loads(sample_envelope(event_type).to_bytes())
            file.write_bytes(orjson.dumps(body, option=orjson.OPT_INDENT_2) + b"\n")
            print(f"wrote {file.name}")  # noqa: T201


if __name__ == "__main__":
    main()
