"""A PostgreSQL and a RabbitMQ of the harness's own, which it may restart and kill without disturbing anybody."""

from __future__ import annotations

import os
import secrets
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

from sqlalchemy import NullPool, create_engine
from sqlalchemy.exc import OperationalError

from faults.ground import NotHere
from faults.load import wait_for
from shared.platform.bus import BrokerUnavailable, Bus

START_SECONDS = 60
_POSTGRESQL_HOMES = ("/usr/lib/postgresql", "/usr/local/pgsql", "/opt/homebrew/opt")
_RABBITMQ_HOMES = ("/usr/lib/rabbitmq/bin", "/usr/local/sbin", "/opt/rabbitmq/sbin")


class OwnPostgresql:
    """A cluster in a folder of its own, that may be restarted; `address` is its database `postgres`."""

    def __init__(self, folder: Path) -> None:
        self._data = folder / "data"
        self._port = _free_port()
        self._programs = _folder_of("initdb", _POSTGRESQL_HOMES)
        self.address = f"postgresql+psycopg://postgres@127.0.0.1:{self._port}/postgres"
        self._run(
            "initdb", "-D", str(self._data), "-U", "postgres", "-A", "trust", "-E", "UTF8", "--no-locale",
            "--data-checksums", "--wal-segsize=1",
        )  # fmt: skip
        with (self._data / "postgresql.conf").open("a") as settings:
            settings.write(
                f"port = {self._port}\nlisten_addresses = '127.0.0.1'\nunix_socket_directories = '{folder}'\n"
                "shared_buffers = 32MB\nmin_wal_size = 2MB\nmax_wal_size = 8MB\n"
            )

    def start(self) -> None:
        """Start it, and wait until it answers; it first mends what a crash left."""
        self._control("start", "-l", str(self._data / "log"), "-t", str(START_SECONDS))
        if not wait_for(self._answers, START_SECONDS):
            raise NotHere("a PostgreSQL of our own does not answer")

    def revive(self) -> None:
        """Start it if it is down, as whatever watches over a server does."""
        if not wait_for(lambda: self._answers() or self._starts(), START_SECONDS):
            raise NotHere("a PostgreSQL of our own does not come back")

    def crash(self) -> None:
        """Stop it at once: nothing is finished, nothing is written down."""
        self._control("stop", "-m", "immediate")

    def stop(self) -> None:
        """Stop it; sessions are ended."""
        with suppress(NotHere):
            self._control("stop", "-m", "fast")

    def _answers(self) -> bool:
        engine = create_engine(self.address, poolclass=NullPool)
        return _answers(lambda: engine.connect().close())

    def _starts(self) -> bool:
        try:
            self.start()
        except NotHere:
            return False
        return True

    def _control(self, *words: str) -> None:
        self._run("pg_ctl", "-s", "-w", "-D", str(self._data), *words)

    def _run(self, program: str, *words: str) -> None:
        done = subprocess.run(  # noqa: S603 - our words
            [self._programs / program, *words],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            timeout=START_SECONDS + 10,
            check=False,
            user=_unprivileged(),
            cwd="/",
        )
        if done.returncode:
            raise NotHere(f"{program} fails here")


class OwnRabbitmq:
    """A node with a name, ports and a folder of its own, that may be stopped and killed; `address` is where it is."""

    def __init__(self, folder: Path) -> None:
        self._program = _folder_of("rabbitmq-server", _RABBITMQ_HOMES) / "rabbitmq-server"
        port = _free_port()
        self.address = f"amqp://guest:guest@127.0.0.1:{port}//"
        (folder / "empty").touch()
        (folder / "plugins").write_text("[].\n")
        self._log = folder / "said"
        self._settings = {
            **os.environ,
            "HOME": str(folder),
            "RABBITMQ_CONF_ENV_FILE": str(folder / "empty"),
            "RABBITMQ_CONFIG_FILE": str(folder / "rabbitmq"),
            "RABBITMQ_ENABLED_PLUGINS_FILE": str(folder / "plugins"),
            "RABBITMQ_NODENAME": f"faults-{secrets.token_hex(6)}@localhost",
            "RABBITMQ_NODE_IP_ADDRESS": "127.0.0.1",
            "RABBITMQ_NODE_PORT": str(port),
            "RABBITMQ_DIST_PORT": str(_free_port()),
            "RABBITMQ_MNESIA_BASE": str(folder / "data"),
            "RABBITMQ_LOG_BASE": str(folder / "log"),
            "RABBITMQ_PID_FILE": str(folder / "pid"),
            "ERL_EPMD_ADDRESS": "127.0.0.1",
        }
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start it, and wait until it answers."""
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(  # noqa: S603 - our words
                [self._program],
                env=self._settings,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd="/",
                start_new_session=True,
            )
        if not wait_for(lambda: _answers(Bus(self.address, services=()).depths), START_SECONDS):
            raise NotHere("a RabbitMQ of our own does not answer")

    def crash(self) -> None:
        """Kill it with SIGKILL."""
        self._end(signal.SIGKILL)

    def stop(self) -> None:
        """Ask it to stop, and wait until it has."""
        self._end(signal.SIGTERM)

    def _end(self, how: signal.Signals) -> None:
        if self._process is None:
            return
        with suppress(ProcessLookupError):
            if how == signal.SIGKILL:
                os.killpg(self._process.pid, how)
            else:
                self._process.send_signal(how)
        try:
            self._process.wait(START_SECONDS)
        except subprocess.TimeoutExpired:
            os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()
        self._process = None


@contextmanager
def own_postgresql(home: Path | None = None) -> Iterator[OwnPostgresql]:
    """Start a PostgreSQL in `home` or in a folder that is removed at the end; raises `NotHere`."""
    with _own_folder(home, owner=_unprivileged()) as folder:
        server = OwnPostgresql(folder)
        server.start()
        try:
            yield server
        finally:
            server.stop()


@contextmanager
def own_rabbitmq() -> Iterator[OwnRabbitmq]:
    """Start a RabbitMQ in a folder that is removed at the end; raises `NotHere`."""
    with _own_folder() as folder:
        server = OwnRabbitmq(folder)
        try:
            server.start()
            yield server
        finally:
            server.stop()


@contextmanager
def _own_folder(home: Path | None = None, owner: str | None = None) -> Iterator[Path]:
    made = Path(tempfile.mkdtemp(prefix="pep-suite-faults-server-")) if home is None else home
    if owner:
        shutil.chown(made, owner)
    try:
        yield made
    finally:
        if home is None:
            shutil.rmtree(made, ignore_errors=True)


def _folder_of(program: str, homes: Sequence[str]) -> Path:
    """Return the folder a server's programs are in.

    That is the one `PEP_SUITE_TEST_PROGRAMS` names (several are parted by colons), if the program is there; or else the
    newest version below `homes`, or where the shell finds it.
    """
    for folder in filter(None, os.environ.get("PEP_SUITE_TEST_PROGRAMS", "").split(os.pathsep)):
        if os.access(Path(folder) / program, os.X_OK):
            return Path(folder)
    found = [path for home in homes for path in Path(home).glob(f"**/{program}") if os.access(path, os.X_OK)]
    if found:
        return max(found, key=lambda path: [int(part) for part in path.parts if part.isdigit()]).parent
    if program_path := shutil.which(program):
        return Path(program_path).resolve().parent
    raise NotHere(f"{program} is not installed")


def _unprivileged() -> str | None:
    """PostgreSQL refuses to run as root."""
    return "nobody" if os.geteuid() == 0 else None


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _answers(ask: Callable[[], object]) -> bool:
    try:
        ask()
    except (BrokerUnavailable, OperationalError):
        time.sleep(0.1)
        return False
    return True
