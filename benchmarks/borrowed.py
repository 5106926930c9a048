"""What a measurement borrows and gives back: an empty PostgreSQL database, processes that are told to stop."""

from __future__ import annotations

import os
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import create_engine, text
from sqlalchemy.engine import make_url

ADMIN = os.environ.get("BENCH_ADMIN", "postgresql+psycopg://postgres@127.0.0.1/postgres")
"""The address of a database on the server where databases may be made."""


@contextmanager
def new_postgresql(name: str) -> Iterator[str]:
    """Make an empty database beside the one at `ADMIN`, give its address for SQLAlchemy, and drop it afterwards."""
    name = f"bench_{name}_{os.getpid()}"
    engine = create_engine(ADMIN, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(text(f'CREATE DATABASE "{name}"'))
    try:
        yield make_url(ADMIN).set(database=name).render_as_string(hide_password=False)
    finally:
        with engine.connect() as connection:
            connection.execute(text(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)'))
        engine.dispose()


def for_psycopg(url: str) -> str:
    """Return SQLAlchemy's address of a database as psycopg takes it."""
    return make_url(url).set(drivername="postgresql").render_as_string(hide_password=False)


def stop(*processes: subprocess.Popen[bytes], how: signal.Signals = signal.SIGTERM, seconds: float = 20.0) -> None:
    """Ask processes to stop, all at once, and kill with its children what still runs after so many seconds.

    Each was started with `start_new_session`.
    """
    for process in processes:
        process.send_signal(how)
    for process in processes:
        try:
            process.wait(seconds)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
