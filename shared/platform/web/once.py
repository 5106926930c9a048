"""One form, one effect: a form sent twice is answered with the result of the first time.

Every form carries a key made when the page was. The first post of a key does its work; while it runs, a second one
waits; after it, a second one is sent to where the first one led. That is kept in the process (for clicks
at the same moment) and in the signed session (for one that comes after a restart). A refused form may be sent again.
"""

from __future__ import annotations

import secrets
import threading
from collections import OrderedDict

from flask import Flask, Response, g, redirect, request, session
from werkzeug.wrappers import Response as BaseResponse

FIELD = "form_key"
KEPT_IN_SESSION = 8
KEPT_IN_PROCESS = 5_000
WAIT_SECONDS = 15.0


class Memory:
    """What became of the forms of this process: a running one has an event to wait for, a finished one its address."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._running: dict[str, threading.Event] = {}
        self._led_to: OrderedDict[str, str] = OrderedDict()

    def begin(self, key: str) -> str | None:
        """Claim a key: None means go ahead, an address means that it was done and led there."""
        while True:
            with self._lock:
                if key in self._led_to:
                    return self._led_to[key]
                running = self._running.get(key)
                if running is None:
                    self._running[key] = threading.Event()
                    return None
            if not running.wait(WAIT_SECONDS):
                return request.path

    def finish(self, key: str, led_to: str | None) -> None:
        """Let go of a key; `led_to` is None when the form was refused and may be sent again."""
        with self._lock:
            if led_to is not None:
                self._led_to[key] = led_to
                while len(self._led_to) > KEPT_IN_PROCESS:
                    self._led_to.popitem(last=False)
            event = self._running.pop(key, None)
        if event is not None:
            event.set()


def form_key() -> str:
    """Return a fresh key for a form."""
    return secrets.token_urlsafe(9)


def answer_once(app: Flask) -> None:
    """Make every form of an app that carries a key work once."""
    memory = Memory()

    @app.before_request
    def answer_again() -> BaseResponse | None:
        key = request.form.get(FIELD, "")[:40] if request.method == "POST" and request.endpoint else ""
        if not key:
            return None
        owned = f"{session.get('person', '')}:{request.script_root}{request.path}:{key}"
        done: dict[str, str] = session.get("forms_done", {})
        led_to = done.get(key) or memory.begin(owned)
        if led_to is None:
            g.form_running = (owned, key)
            return None
        return redirect(led_to, 303)

    @app.after_request
    def remember(answer: Response) -> Response:
        running = g.get("form_running")
        if running is not None and answer.status_code in (302, 303) and answer.location:
            g.form_led_to = answer.location
            done = {**session.get("forms_done", {}), running[1]: answer.location}
            session["forms_done"] = dict(list(done.items())[-KEPT_IN_SESSION:])
        return answer

    @app.teardown_request
    def let_go(_error: BaseException | None) -> None:
        running = g.pop("form_running", None)
        if running is not None:
            memory.finish(running[0], g.pop("form_led_to", None))
