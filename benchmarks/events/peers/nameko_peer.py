"""Nameko: one process, eight workers, events with reliable delivery and publisher confirms."""

import os

import eventlet

eventlet.monkey_patch()

import pace  # noqa: E402
import store  # noqa: E402
from nameko.events import event_handler  # noqa: E402
from nameko.runners import ServiceRunner  # noqa: E402
from nameko.standalone.events import event_dispatcher  # noqa: E402

CONFIG = {"AMQP_URI": os.environ["BENCH_BROKER"], "max_workers": 8}


class Recorder:
    name = os.environ["BENCH_QUEUE"]

    @event_handler("bench", os.environ["BENCH_QUEUE"])
    def record(self, payload: dict) -> None:
        store.record_on_one_connection(payload["number"], payload["sent_at"])


if __name__ == "__main__":
    verb, count, rate = pace.words()
    if verb == "publish":
        dispatch = event_dispatcher(CONFIG)
        queue = os.environ["BENCH_QUEUE"]
        pace.publish(lambda n, at: dispatch("bench", queue, {"number": n, "sent_at": at}), count, rate)
    else:
        runner = ServiceRunner(CONFIG)
        runner.add_service(Recorder)
        runner.start()
        runner.wait()
