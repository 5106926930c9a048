"""The logs: one JSON object a line, with what the thread is busy with, and without anything about a person.

What a failed statement or an unexpected value held must not get into a log. So an error is told by its type, its code
and where it came from, never by its message, save for the few kinds whose messages speak of the program or of a
server alone; and of what other libraries log only the numbers are filled in.
"""

from __future__ import annotations

import json
import logging
import os
import sys
import traceback
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from types import TracebackType
from typing import Any, TextIO

from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError

from shared.contracts.registry import UnreadableEvent
from shared.kernel.errors import DomainError
from shared.platform.trace import current_trace

OURS = ("shared.", "services.", "suite")
TELLING = (AttributeError, NameError, ImportError, RecursionError, MemoryError, NotImplementedError, TimeoutError)
"""Errors whose messages speak of the program, not of its data."""

_LEVELS = {"WARNING": "warning", "CRITICAL": "critical"}


class JsonLines(logging.Formatter):
    """Writes a record as one line of JSON; `process` names what kind of process this is (web, worker)."""

    def __init__(self, process: str = "", service: str = "") -> None:
        super().__init__()
        self._process = process
        self._service = service

    def format(self, record: logging.LogRecord) -> str:
        """Return the record as JSON, with the time in UTC, the trace, the extra facts and, after an error, its way."""
        trace = current_trace()
        body: dict[str, Any] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": _LEVELS.get(record.levelname, record.levelname.lower()),
            "service": trace.service or self._service,
            "process": self._process,
            "pid": record.process,
            "logger": record.name,
            "message": _message(record),
            "correlation_id": trace.correlation_id,
            "traceparent": trace.traceparent,
            **getattr(record, "facts", {}),
        }
        if record.exc_info and record.exc_info[1] is not None:
            body["error"] = describe(record.exc_info[1])
            body["way"] = list(_way(record.exc_info[1]))
        kept = {key: value for key, value in body.items() if value not in ("", None)}
        return json.dumps(kept, ensure_ascii=False, default=str)


def write_json_lines(process: str = "", service: str = "", stream: TextIO | None = None) -> None:
    """Send what this process logs from now on to standard error (or `stream`), as JSON."""
    handler = logging.StreamHandler(stream or sys.stderr)
    handler.setFormatter(JsonLines(process, service))
    logging.basicConfig(level=logging.INFO, handlers=[handler], force=True)
    logging.getLogger("mail.log").setLevel(logging.WARNING)  # aiosmtpd tells of every connection
    logging.getLogger("alembic").setLevel(logging.WARNING)
    sys.excepthook = _log_the_fall


def describe(error: BaseException) -> str:
    """Return what may be told of an error: its type and code, and its message only where it holds no data."""
    name = type(error).__name__
    if isinstance(error, DomainError):
        return f"{name}: {error.code}"
    if isinstance(error, UnreadableEvent):
        return f"{name}: {', '.join(sorted(error.problems))}"
    if isinstance(error, DBAPIError):
        state = getattr(error.orig, "sqlstate", None) or getattr(error.orig, "sqlite_errorname", None)
        said = str(error.orig).partition("\n")[0] if isinstance(error, (OperationalError, InterfaceError)) else ""
        return ": ".join(part for part in (name, state or "", said) if part)
    if isinstance(error, OSError):
        return f"{name}: {error.strerror or error.errno or ''}".rstrip(": ")
    if isinstance(error, TELLING) or _is_of_the_machinery(error):
        return f"{name}: {error}"
    return name


def where(error: BaseException) -> str:
    """Return the innermost place in the suite's own code that an error came through, as `file:line (function)`."""
    frames = traceback.extract_tb(error.__traceback__)
    ours = [frame for frame in frames if "site-packages" not in frame.filename] or frames
    return f"{os.path.basename(ours[-1].filename)}:{ours[-1].lineno} ({ours[-1].name})" if ours else ""


def _is_of_the_machinery(error: BaseException) -> bool:
    """Tell whether the error speaks of the broker only."""
    return type(error).__module__ in ("shared.platform.links", "amqp.exceptions", "kombu.exceptions")


def _way(error: BaseException) -> Iterator[str]:
    """Give the frames an error came through, outermost first, and the error behind it; no values of variables."""
    behind = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    if behind is not None and behind is not error:
        yield from _way(behind)
        yield f"then {describe(error)}"
    else:
        yield describe(error)
    yield from _frames(error.__traceback__)


def _frames(way: TracebackType | None) -> Iterator[str]:
    for frame in traceback.extract_tb(way):
        yield f"{os.path.relpath(frame.filename)}:{frame.lineno} in {frame.name}"


def _message(record: logging.LogRecord) -> str:
    """Return the message; of what is not our own, only the numbers are filled in."""
    if record.name.startswith(OURS) or not record.args:
        return record.getMessage() if record.name.startswith(OURS) else str(record.msg)
    given = record.args
    shown: Any
    if isinstance(given, Mapping):
        shown = {key: _number(value) for key, value in given.items()}
    else:
        shown = tuple(_number(value) for value in given)
    try:
        return str(str(record.msg) % shown)
    except (TypeError, ValueError, KeyError):
        return str(record.msg)


def _number(value: object) -> object:
    return value if isinstance(value, (int, float)) else "…"


def _log_the_fall(kind: type[BaseException], error: BaseException, way: TracebackType | None) -> None:
    """Log what ends the process like everything else, instead of printing its message."""
    if issubclass(kind, KeyboardInterrupt):
        sys.__excepthook__(kind, error, way)
        return
    logging.getLogger("suite").critical("The process falls", exc_info=(kind, error, way))
