"""Every fault by name."""

from __future__ import annotations

import time
import traceback
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial

from faults import clocks, controls, databases, kills, mail, misled, network, over_http, poison
from faults.ground import Ground, NotHere
from faults.outcome import Outcome, Skipped


@dataclass(frozen=True)
class Fault:
    """One fault, by the name that `--only` knows it by."""

    name: str
    try_on: Callable[[Ground], Outcome]


FAULTS = (
    *(Fault(f"kill-writer-{point}", partial(kills.writer_killed, point=point)) for point in kills.WRITER_POINTS),
    *(Fault(f"kill-worker-{point}", partial(kills.worker_killed, point=point)) for point in kills.WORKER_POINTS),
    Fault("kill-worker-before_held_together", kills.killed_at_what_it_tries_together),
    Fault("kill-worker-before_held_effect", kills.killed_at_what_it_holds),
    Fault("kill-at-random", kills.killed_at_random),
    Fault("kill-web", over_http.web_killed),
    Fault("many-at-once", misled.many_at_once),
    Fault("duplicates-and-disorder", misled.duplicated_and_shuffled),
    Fault("works-the-third-time", poison.works_the_third_time),
    Fault("poison", poison.poison_among_good),
    Fault("broker-stopped", network.broker_stopped),
    Fault("broker-killed", network.broker_killed),
    Fault("broker-out-of-reach", network.broker_out_of_reach),
    Fault("broker-frozen", network.broker_frozen),
    Fault("network-cut", network.network_cut),
    Fault("network-slow", network.network_slow),
    Fault("http-without-broker", over_http.writing_without_a_broker),
    Fault("one-slot", over_http.one_slot_wanted_by_many),
    Fault("database-restarted", databases.database_restarted),
    Fault("database-sessions-ended", databases.sessions_ended),
    Fault("disk-full", databases.disk_full),
    Fault("clock-changes", clocks.crosses_the_changes),
    Fault("clock-set", clocks.is_set),
    Fault("mail-refused", mail.refused),
    Fault("mail-put-off", mail.put_off),
    Fault("mail-silent", mail.says_nothing),
    Fault("kill-mail-sender-after_mail_taken", mail.sender_killed),
    Fault("control-acknowledged-first", partial(controls.done_wrong, way="acknowledge_first")),
    Fault("control-no-inbox", partial(controls.done_wrong, way="no_inbox")),
)
BY_NAME = {fault.name: fault for fault in FAULTS}


def bring_about(fault: Fault, ground: Ground) -> Outcome | Skipped:
    """Try one fault on one form; return what came of it, or why it could not be tried here."""
    started = time.monotonic()
    try:
        outcome = fault.try_on(ground)
    except NotHere as reason:
        return Skipped(fault.name, ground.form, str(reason))
    except Exception as error:
        # One trial that fails by itself must not hide what the others find.
        traceback.print_exc()
        outcome = Outcome(fault.name, ground.form, 0, 0, broken=(f"the trial itself failed: {error!r}"[:200],))
    return replace(outcome, seconds=time.monotonic() - started)
