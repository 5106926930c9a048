"""Celery: eight threads, acknowledged after the work, publisher confirms."""

import os

import pace
import store
from celery import Celery

app = Celery("bench", broker=os.environ["BENCH_BROKER"])
app.conf.update(
    task_default_queue=os.environ["BENCH_QUEUE"],
    task_acks_late=True,
    task_ignore_result=True,
    worker_prefetch_multiplier=8,
    broker_transport_options={"confirm_publish": True},
    worker_hijack_root_logger=False,
    broker_connection_retry_on_startup=True,
)


@app.task(name="bench.record")
def record(number: int, sent_at: float) -> None:
    store.record(number, sent_at)


if __name__ == "__main__":
    verb, count, rate = pace.words()
    if verb == "publish":
        with app.producer_pool.acquire(block=True) as producer:
            pace.publish(lambda n, at: record.apply_async((n, at), producer=producer), count, rate)
    else:
        app.worker_main(
            ["worker", "--pool=threads", "--concurrency=8", "--loglevel=ERROR", "--without-gossip", "--without-mingle"]
        )
