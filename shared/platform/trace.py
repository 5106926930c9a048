"""Which click or job this thread is busy with, so that its log lines can say so.

A trace starts with a request, a job or nothing at all; it travels in the envelope of every fact and goes on in the
service that reacts. The correlation id stays the same all the way; in the W3C trace context the trace stays the same
and each hop has a span of its own.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass

from shared.kernel.ids import new_id

_TRACEPARENT = re.compile(r"00-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}")
_CORRELATION = re.compile(r"[A-Za-z0-9_-]{1,64}")


@dataclass(frozen=True, slots=True)
class Trace:
    """What a thread is busy with: for which service, and which click or job it goes back to."""

    service: str = ""
    correlation_id: str = ""
    traceparent: str = ""


_CURRENT: ContextVar[Trace] = ContextVar("suite_trace", default=Trace())  # noqa: B039 - frozen


def current_trace() -> Trace:
    """Return what this thread is busy with; empty between two tasks."""
    return _CURRENT.get()


def begin_trace(service: str, correlation_id: str = "", traceparent: str = "") -> Trace:
    """Say what this thread is busy with from now on: a click that goes on from elsewhere, or one that starts here.

    What came from outside and does not look like an id is not believed, so that nothing else gets into logs and facts.
    """
    trace = Trace(
        service,
        correlation_id if _CORRELATION.fullmatch(correlation_id) else new_id(),
        next_span(traceparent),
    )
    _CURRENT.set(trace)
    return trace


def end_trace(service: str = "") -> None:
    """Say that the task is done; `service` is whom the thread works for all the same."""
    _CURRENT.set(Trace(service))


@contextmanager
def tracing(service: str, correlation_id: str = "", traceparent: str = "") -> Iterator[Trace]:
    """Be busy with one click or job inside the block."""
    before = current_trace()
    try:
        yield begin_trace(service, correlation_id, traceparent)
    finally:
        _CURRENT.set(before)


def next_span(traceparent: str = "") -> str:
    """Return the trace context of the next hop of a trace, or of a new trace when there is none."""
    trace_id = traceparent[3:35] if _TRACEPARENT.fullmatch(traceparent) else secrets.token_hex(16)
    return f"00-{trace_id}-{secrets.token_hex(8)}-01"
