"""What every peer's handler does: commit one row. The database notes the time."""

import os
import threading

import psycopg

_local = threading.local()
_shared = None


def record(number: int, sent_at: float) -> None:
    """Commit one row, on this thread's own connection."""
    if not hasattr(_local, "connection"):
        _local.connection = psycopg.connect(os.environ["BENCH_DATABASE"])
    _insert(_local.connection, number, sent_at)


def record_on_one_connection(number: int, sent_at: float) -> None:
    """Commit one row, on the one connection of this process (for frameworks whose "threads" are not threads)."""
    global _shared
    if _shared is None:
        _shared = psycopg.connect(os.environ["BENCH_DATABASE"])
    _insert(_shared, number, sent_at)


def _insert(connection: psycopg.Connection, number: int, sent_at: float) -> None:
    connection.execute("INSERT INTO handled (number, sent_at) VALUES (%s, %s)", (number, sent_at))
    connection.commit()
