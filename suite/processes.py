"""The processes that the supervisor starts: `prepare` once for a new home, then `web` and `worker`."""

from __future__ import annotations

import argparse
import os
import signal
import socket
import sys
import threading
from pathlib import Path

from shared.platform.logs import write_json_lines
from suite.home import Home

FORCED_STOP_AFTER = 5.0


def main(words: list[str]) -> int:
    """Run the process named by the first word."""
    parser = argparse.ArgumentParser(prog="python -m suite")
    parser.add_argument("process", choices=("prepare", "web", "worker"))
    parser.add_argument("--home", type=Path, required=True)
    parser.add_argument("--listener", type=int)
    parser.add_argument("--announce", action="store_true")
    parser.add_argument("--empty", action="store_true")
    wanted = parser.parse_args(words)
    home = Home(wanted.home)
    if wanted.process == "prepare":
        from suite.preparing import prepare

        prepare(home, empty=wanted.empty)
        return 0
    write_json_lines(wanted.process)
    stop = _stop_when_told()
    if wanted.process == "web":
        return _web(home, wanted.listener, announce=wanted.announce)
    return _worker(home, stop)


def _web(home: Home, listener: int, *, announce: bool) -> int:
    import waitress

    from suite.composition import everybody, runtime_for, web_application
    from suite.people import introduction

    runtime = runtime_for(home)
    server = waitress.create_server(
        web_application(runtime), sockets=[socket.socket(fileno=listener)], threads=8, ident="PEP Suite"
    )
    if announce:
        print(introduction(everybody(runtime), runtime.settings.origin, home.path), flush=True)
    signal.signal(signal.SIGTERM, _leave)
    server.run()  # returns when SystemExit is raised; waits for the requests in hand
    runtime.close()
    return 0


def _worker(home: Home, stop: threading.Event) -> int:
    from shared.platform.worker import run_worker, settle
    from suite.composition import SPECS, runtime_for
    from suite.mail_catcher import catching

    runtime = runtime_for(home)
    settle()
    with catching(runtime):
        run_worker(SPECS, runtime, stop)
    runtime.close()
    return 0


def _stop_when_told() -> threading.Event:
    """Return an event that is set by SIGTERM, or when the supervisor is gone (its end of our standard input closes)."""
    stop = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: stop.set())
    threading.Thread(target=_follow_supervisor, name="follow-supervisor", daemon=True).start()
    return stop


def _follow_supervisor() -> None:
    try:
        while os.read(0, 1):
            pass
    except OSError:
        pass
    threading.Timer(FORCED_STOP_AFTER, lambda: os._exit(1)).start()
    os.kill(os.getpid(), signal.SIGTERM)


def _leave(_number: int, _frame: object) -> None:
    sys.exit(0)
