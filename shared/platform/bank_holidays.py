"""Bank holidays of England and Wales, for any year."""

from __future__ import annotations

from collections.abc import Iterator, Set
from datetime import date
from functools import cached_property
from typing import Any


class EnglandAndWales(Set[date]):
    """The set of Christmas Day, Good Friday and the bank holidays in England and Wales (SI 2010/959 regulation 2).

    Membership is answered for any year; iteration covers the years asked about so far and those either side of today's
    data, which is enough for "what did this count skip" as the count has asked about each day.
    """

    @cached_property
    def _days(self) -> Any:
        import holidays  # at first use: it takes half a second to import, which a start or a command need not wait for

        return holidays.country_holidays("GB", subdiv="ENG")

    @cached_property
    def _answers(self) -> dict[object, bool]:
        return {}

    def __contains__(self, day: object) -> bool:
        known = self._answers.get(day)
        if known is None:  # the library looks a day up in a microsecond; counting days asks about the same ones often
            known = self._answers[day] = day in self._days
        return known

    def __iter__(self) -> Iterator[date]:
        return iter(list(self._days))

    def __len__(self) -> int:
        return len(self._days)

    def name(self, day: date) -> str:
        """Return the name of the holiday on `day`, or an empty text."""
        return str(self._days.get(day, ""))


ENGLAND_AND_WALES = EnglandAndWales()
