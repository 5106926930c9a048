"""Through real web processes: one slot wanted by many at once, writing while the broker is away, web killed."""

from __future__ import annotations

import http.client
import signal
import threading
import time
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import replace
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import NamedTuple

from sqlalchemy import func, insert, select

from faults.ground import Ground, own_queues
from faults.kills import KILLED
from faults.load import end, start
from faults.office import SLOT, Office, meetings, open_office
from faults.outcome import Outcome
from faults.web import Web, serving
from services.scheduling.adapters.tables import claim, meeting
from services.scheduling.adapters.tables_mail import mail_out
from services.scheduling.app import SPEC
from shared.contracts.scheduling import MeetingArranged
from shared.platform.bus import Bus
from shared.platform.consumer import Consumer
from shared.platform.relay import Relay
from shared.platform.runtime import Runtime
from shared.platform.work import Work
from shared.platform.worker import run_worker
from shared.testing.ledger import effects, make_service
from shared.testing.servers import RABBITMQ

AT_ONCE = 64
CELLS_AN_HOUR = 4
WEB_POINTS = ("before_commit", "after_commit")


class Slot(NamedTuple):
    """A time asked for, as the API writes it."""

    starts: str
    ends: str


def one_slot_wanted_by_many(ground: Ground) -> Outcome:
    """Ask 64 times at once, over HTTP and two web processes, for one hour of one social worker's."""
    rounds = ground.times(5, 1)
    answers: Counter[int] = Counter()
    right = 0
    with open_office(ground, AT_ONCE * rounds) as office, ExitStack() as stack:
        webs = [stack.enter_context(serving(office, f"web-{n}")) for n in range(2)]
        wanted = meetings(office, AT_ONCE * rounds)
        for turn in range(rounds):
            ids = [each.id for each in wanted[turn * AT_ONCE : (turn + 1) * AT_ONCE]]
            this = Counter(_all_at_once(webs, ids, _slot(turn)))
            right += this == {201: 1, 409: AT_ONCE - 1}
            answers += this
        runtime = office.runtime()
        with runtime.database(SPEC.name).reading() as connection:
            arranged = connection.execute(
                select(func.count()).select_from(meeting).where(meeting.c.state == "arranged")
            ).scalar_one()
            cells = connection.execute(select(func.count()).select_from(claim)).scalar_one()
        runtime.close()
    broken: tuple[str, ...] = () if right == rounds else (f"the answers were {dict(answers)}",)
    broken += () if cells == rounds * CELLS_AN_HOUR else (f"{cells} quarters of an hour are claimed",)
    return Outcome(
        fault=f"{AT_ONCE} bookings of one slot at once",
        form=ground.form,
        tries=AT_ONCE * rounds,
        events=arranged,
        lost=max(0, rounds - arranged),
        doubled=max(0, arranged - rounds),
        broken=broken,
        note=f"{answers[201]} answered 201, {answers[409]} answered 409",
    )


def writing_without_a_broker(ground: Ground) -> Outcome:
    """Arrange meetings over HTTP while the worker finds no broker; afterwards every fact arrives."""
    count = ground.times(100, 12)
    with open_office(ground, count) as office, ExitStack() as stack:
        # A file stands where the folder of the queue should be.
        nowhere = office.home / "not-yet" / "queue.sqlite"
        nowhere.parent.touch()
        worker = start(partial(_work_in_vain, office, ground.form, nowhere))
        web = stack.enter_context(serving(office))
        statuses = Counter(web.arrange(each.id, *_slot(n)) for n, each in enumerate(meetings(office, count)))
        end(worker)
        bus = _bus_that_is_back(ground, nowhere, stack)
        heard = _deliver(office, bus)
    broken: tuple[str, ...] = () if statuses == {201: count} else (f"the answers were {dict(statuses)}",)
    return Outcome(
        fault="writing over HTTP while the broker is away",
        form=ground.form,
        tries=count,
        events=statuses[201],
        lost=statuses[201] - len(heard),
        doubled=sum(heard.values()) - len(heard),
        broken=broken,
    )


def web_killed(ground: Ground) -> Outcome:
    """Kill the web process at each crash point of a commit; the client asks again when it is back."""
    tries, kills = ground.times(26, 2), 0
    with open_office(ground, tries) as office:
        web = Web(office)
        try:
            web.start(f"{WEB_POINTS[0]}:1")
            for n, each in enumerate(meetings(office, tries)):
                tag = web.etag(each.id)
                try:
                    web.arrange(each.id, *_slot(n), etag=tag)
                except (OSError, http.client.HTTPException):
                    web.stop()
                    kills += web.process is not None and web.process.exitcode == KILLED
                # What was not committed is asked for again, and passes the next point once before its own trial.
                passes = 2 if WEB_POINTS[n % 2] == "before_commit" else 1
                web.start(f"{WEB_POINTS[(n + 1) % 2]}:{passes}")
                if web.etag(each.id) == tag:
                    web.arrange(each.id, *_slot(n))
        finally:
            web.stop()
        counts = _facts_and_mails(office)
    facts, mails = counts
    broken: tuple[str, ...] = () if kills == tries else (f"{tries - kills} processes did not die",)
    broken += () if mails == 2 * tries else (f"{mails} mails are queued instead of {2 * tries}",)
    return Outcome(
        fault="kill -9 of web: before_commit, after_commit",
        form=ground.form,
        tries=tries,
        events=facts,
        lost=max(0, tries - facts),
        doubled=max(0, facts - tries),
        kills=kills,
        broken=broken,
    )


def _slot(number: int) -> Slot:
    """Return one of the hours from 1 December on, no two of which overlap."""
    moved = timedelta(days=number // 6, hours=number % 6)
    return Slot(*((each + moved).isoformat() for each in SLOT))


def _all_at_once(webs: Sequence[Web], ids: Sequence[str], slot: Slot) -> list[int]:
    """Ask for a slot from as many threads as there are meetings, all at the same moment."""
    tags = [webs[n % len(webs)].etag(each) for n, each in enumerate(ids)]
    gate = threading.Barrier(len(ids))

    def ask(n: int) -> int:
        gate.wait(30)
        return webs[n % len(webs)].arrange(ids[n], *slot, etag=tags[n])

    with ThreadPoolExecutor(len(ids)) as pool:
        return list(pool.map(ask, range(len(ids))))


def _broker_nowhere(form: str, nowhere: Path) -> str:
    return f"embedded:///{nowhere}" if form == "embedded" else "amqp://guest:guest@127.0.0.1:1//"


def _work_in_vain(office: Office, form: str, nowhere: Path) -> None:
    asked = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: asked.set())
    runtime = office.runtime()
    runtime.settings = replace(runtime.settings, broker=_broker_nowhere(form, nowhere))
    run_worker([SPEC], runtime, asked)


def _bus_that_is_back(ground: Ground, nowhere: Path, stack: ExitStack) -> Bus:
    services = (SPEC.name, "pep")
    if ground.form == "embedded":
        nowhere.parent.unlink()
        nowhere.parent.mkdir()
        return Bus(_broker_nowhere("embedded", nowhere), services=services)
    return Bus(RABBITMQ, services=services, namespace=stack.enter_context(own_queues(services)))


def _deliver(office: Office, bus: Bus) -> Counter[str]:
    """Send what waits to a ledger in the place of `pep`; return how often each child's meeting was heard of."""
    ledger = make_service("pep", {MeetingArranged: _write_down})
    runtime = office.runtime()
    ledger.metadata.create_all(runtime.database("pep").engine)
    consumer, relay = Consumer(ledger, runtime, bus), Relay(SPEC, runtime, bus)
    consumer.take_in(0)
    sent = relay.send_pending()
    deadline = time.monotonic() + 30
    while (heard := _heard(runtime)).total() < sent and time.monotonic() < deadline:
        consumer.take_in(0.2)
    consumer.close()
    relay.close()
    runtime.close()
    return heard


def _write_down(work: Work, heard: MeetingArranged) -> None:
    work.connection.execute(insert(work.metadata.tables["effect"]).values(child_id=heard.child_id, number=1))


def _heard(runtime: Runtime) -> Counter[str]:
    with runtime.database("pep").reading() as connection:
        return Counter({child: len(times) for child, times in effects(connection, make_service("pep")).items()})


def _facts_and_mails(office: Office) -> tuple[int, int]:
    runtime = office.runtime()
    outbox = SPEC.metadata.tables["outbox"]
    with runtime.database(SPEC.name).reading() as connection:
        facts = connection.execute(
            select(func.count()).select_from(outbox).where(outbox.c.type == "scheduling.meeting.arranged.v1")
        ).scalar_one()
        mails = connection.execute(select(func.count()).select_from(mail_out)).scalar_one()
    runtime.close()
    return facts, mails
