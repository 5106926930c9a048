"""Dramatiq: two processes of four threads, publisher confirms. Its worker is started with the dramatiq command."""

import os

import dramatiq
import pace
import store
from dramatiq.brokers.rabbitmq import RabbitmqBroker

broker = RabbitmqBroker(url=os.environ["BENCH_BROKER"], confirm_delivery=True, middleware=[])
dramatiq.set_broker(broker)


@dramatiq.actor(queue_name=os.environ["BENCH_QUEUE"])
def record(number: int, sent_at: float) -> None:
    store.record(number, sent_at)


if __name__ == "__main__":
    verb, count, rate = pace.words()
    if verb == "publish":
        pace.publish(lambda n, at: record.send(n, at), count, rate)
        broker.close()
    else:
        import sys

        from dramatiq.cli import main, make_argument_parser

        sys.argv = ["dramatiq", "dramatiq_peer", "--processes", "2", "--threads", "4", "--skip-logging"]
        sys.exit(main(make_argument_parser().parse_args(sys.argv[1:])))
