"""Two ways of doing it wrong, which the harness must find out: otherwise its noughts would mean nothing."""

from __future__ import annotations

from dataclasses import replace

from faults.ground import Ground, open_place, settle
from faults.kills import KILLED, outcome
from faults.load import Load, end, start_load
from faults.outcome import Outcome

POINTS = {"acknowledge_first": "before_effect_commit", "no_inbox": "after_effect"}
NAMES = {"acknowledge_first": "control: acknowledged before the work", "no_inbox": "control: no inbox"}


def done_wrong(ground: Ground, way: str) -> Outcome:
    """Kill a worker that works in a wrong way, as often as its sound brother is killed."""
    tries, kills = ground.times(10, 2), 0
    with open_place(ground) as place:
        for _ in range(tries):
            start_load(place.installation, Load(children=10, per_commit=10, commits=10, pause=0)).join(60)
            worker = place.installation.start_worker(f"{POINTS[way]}:1", way)
            worker.join(60)
            kills += worker.exitcode == KILLED
            end(worker)
        worker = place.installation.start_worker(way=way)
        verdict = settle(place.installation, 3)
        end(worker)
    return replace(outcome(NAMES[way], ground, verdict, tries, kills=kills), left_over=(), control=True)
