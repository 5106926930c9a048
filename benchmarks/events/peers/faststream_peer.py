"""FastStream: prefetch of eight, a pool of eight connections, publisher confirms."""

import asyncio
import json
import os
import sys
import time

import pace
from faststream import AckPolicy, FastStream
from faststream.rabbit import Channel, RabbitBroker, RabbitQueue
from psycopg_pool import AsyncConnectionPool

broker = RabbitBroker(os.environ["BENCH_BROKER"], default_channel=Channel(prefetch_count=8), logger=None)
queue = RabbitQueue(os.environ["BENCH_QUEUE"], durable=True)
pool: AsyncConnectionPool | None = None


@broker.subscriber(queue, ack_policy=AckPolicy.NACK_ON_ERROR)
async def record(body: dict) -> None:
    assert pool is not None
    async with pool.connection() as connection:
        await connection.execute(
            "INSERT INTO handled (number, sent_at) VALUES (%s, %s)", (body["number"], body["sent_at"])
        )


async def publish(count: int, rate: float) -> None:
    await broker.connect()
    await broker.declare_queue(queue)
    started = time.perf_counter()
    for number in range(count):
        if rate:
            await asyncio.sleep(max(0.0, started + number / rate - time.perf_counter()))
        await broker.publish({"number": number, "sent_at": time.time()}, queue, persist=True)
    json.dump({"seconds": time.perf_counter() - started}, sys.stdout)
    await broker.stop()


async def work() -> None:
    global pool
    pool = AsyncConnectionPool(os.environ["BENCH_DATABASE"], min_size=8, max_size=8, open=False)
    await pool.open(wait=True)
    await FastStream(broker).run()


if __name__ == "__main__":
    verb, count, rate = pace.words()
    asyncio.run(publish(count, rate) if verb == "publish" else work())
