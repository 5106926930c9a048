"""How fast mails are handed over: as the settings allow, and slower for a while where the mail server asks for it."""

from __future__ import annotations

from datetime import datetime, timedelta

BURST_SECONDS = 2.0
SLOWEST = 6.0
FASTEST = 6000.0
FIRST_PAUSE = timedelta(seconds=15)
LONGEST_PAUSE = timedelta(minutes=15)


class Pace:
    """Says how many mails may be handed over now; `per_minute` 0 is as many as the server takes.

    When the server says that it is too many, nothing is handed over for a while, longer each time, and then half as
    fast as before; each mail that is taken makes it a little faster again, up to the limit.
    """

    def __init__(self, per_minute: int) -> None:
        self._limit = float(per_minute)
        self._rate = self._limit
        self._allowed = 0.0
        self._since: datetime | None = None
        self._paused_until: datetime | None = None
        self._pause = FIRST_PAUSE

    @property
    def per_minute(self) -> float:
        """Return how many mails a minute are handed over at present; 0 without a limit."""
        return self._rate

    def may_send(self, now: datetime, most: int) -> int:
        """Return how many mails may be handed over now, at most `most`."""
        if self._paused_until is not None:
            if now < self._paused_until <= now + LONGEST_PAUSE:  # a clock set back does not prolong it
                return 0
            self._paused_until = None
        if not self._rate:
            return most
        burst = max(1.0, self._rate / 60 * BURST_SECONDS)
        passed = max(0.0, (now - self._since).total_seconds()) if self._since is not None else BURST_SECONDS
        self._allowed = min(burst, self._allowed + passed * self._rate / 60)
        self._since = now
        return min(most, int(self._allowed))

    def taken(self) -> None:
        """Note that the server took a mail."""
        self._allowed = max(0.0, self._allowed - 1)
        self._pause = FIRST_PAUSE
        if self._rate and self._rate != self._limit:
            faster = self._rate + 1
            unlimited = not self._limit and faster >= FASTEST
            self._rate = 0.0 if unlimited else min(faster, self._limit or FASTEST)

    def too_many(self, now: datetime) -> datetime:
        """Note that the server wants fewer; return when it is asked again."""
        self._rate = max(SLOWEST, (self._rate or FASTEST) / 2)
        self._allowed = 1.0
        self._since = self._paused_until = now + self._pause
        self._pause = min(self._pause * 2, LONGEST_PAUSE)
        return self._paused_until
