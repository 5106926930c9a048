"""`python -m suite apart …`: which process this is to be. Standard library only, so that `check` answers at once."""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
from collections.abc import Callable, Mapping, MutableMapping

from shared.platform.production import UnusableSettings
from shared.platform.settings import SERVICES
from suite.home import Refusal

DESCRIPTION = "Run one process of the suite, with its settings from the environment (see docs/operations.md)."


def main(words: list[str]) -> int:
    """Be the process that the words say; return its exit code. Raises `Refusal` when it cannot be started."""
    wanted = _parser().parse_args(words)
    try:
        return TASKS[wanted.task](wanted)
    except UnusableSettings as error:
        raise Refusal(str(error)) from error


def _web(wanted: argparse.Namespace) -> int:
    _count_together(os.environ)
    from suite.apart.web import serve

    return serve(wanted.service, os.environ)


def _count_together(environ: MutableMapping[str, str]) -> None:
    """Let the web processes of one container count in one folder; read when the library of metrics is loaded."""
    if environ.get("PEP_SUITE_WEB_PROCESSES", "").strip() not in ("", "1"):
        environ.setdefault("PROMETHEUS_MULTIPROC_DIR", tempfile.mkdtemp(prefix="metrics-"))


def _worker(wanted: argparse.Namespace) -> int:
    from suite.apart.worker import work

    return work(wanted.service, os.environ)


def _migrate(wanted: argparse.Namespace) -> int:
    from suite.apart.preparing import migrate

    return migrate(wanted.service, os.environ)


def _broker(_wanted: argparse.Namespace) -> int:
    from suite.apart.broker import set_up

    return set_up(os.environ)


def _demo(_wanted: argparse.Namespace) -> int:
    from suite.apart.preparing import fill_demo

    return fill_demo(os.environ)


def _mail(_wanted: argparse.Namespace) -> int:
    from suite.apart.mail import catch

    return catch(os.environ)


def _lmtp(wanted: argparse.Namespace) -> int:
    from suite.apart.lmtp import listen

    return listen(wanted.host, wanted.port, os.environ)


def _imap(_wanted: argparse.Namespace) -> int:
    from suite.apart.imap import read

    return read(os.environ)


def _check(wanted: argparse.Namespace) -> int:
    from suite.apart.check import check

    return check(wanted.path)


def _settings(wanted: argparse.Namespace) -> int:
    from shared.platform.setting_table import env_example, settings_page

    sys.stdout.write(env_example() if wanted.env else settings_page() + "\n")
    return 0


def _do(wanted: argparse.Namespace) -> int:
    from suite.apart.desk import do

    return do(wanted.words, os.environ)


TASKS: Mapping[str, Callable[[argparse.Namespace], int]] = {
    "web": _web,
    "worker": _worker,
    "migrate": _migrate,
    "broker": _broker,
    "demo": _demo,
    "mail": _mail,
    "lmtp": _lmtp,
    "imap": _imap,
    "check": _check,
    "settings": _settings,
    "do": _do,
}


def _parser() -> argparse.ArgumentParser:
    top = argparse.ArgumentParser(prog="python -m suite apart", description=DESCRIPTION, allow_abbrev=False)
    tasks = top.add_subparsers(dest="task", metavar="TASK", required=True)

    def task(name: str, words: str) -> argparse.ArgumentParser:
        return tasks.add_parser(name, help=words, description=f"{words[0].upper()}{words[1:]}.", allow_abbrev=False)

    for name, words in (
        ("web", "serve a service's pages and API on port 8000 (pep also the front page and the sign-in)"),
        ("worker", "carry a service's events and do its jobs"),
        ("migrate", "bring a service's tables to this version, and end"),
    ):
        task(name, words).add_argument("service", choices=SERVICES)
    task("broker", "make the exchanges, queues and logins on RabbitMQ, and end")
    task("demo", "fill empty databases with the invented authority if the settings say so, and end")
    task("mail", "catch all mail and show it, for a try-out")
    lmtp = task("lmtp", "take answers from a mail server over LMTP")
    lmtp.add_argument("--host", default="127.0.0.1", metavar="ADDRESS", help="the address to listen on (127.0.0.1)")
    lmtp.add_argument("--port", type=int, default=8024, metavar="NUMBER", help="the port to listen on (8024)")
    task("imap", "fetch answers from a mailbox over IMAP")
    task("check", "end with 0 if this container's web process or worker answers").add_argument("path", metavar="PATH")
    task("settings", "print the settings as a table").add_argument(
        "--env", action="store_true", help="as the text of .env.example instead"
    )
    task("do", "do one of the commands of ./run, such as: token NAME").add_argument(
        "words", nargs=argparse.REMAINDER, metavar="COMMAND …"
    )
    return top
