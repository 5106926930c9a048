"""The languages in which families are told of meetings, besides English.

A tongue says what it is given in English: `tongue.say("Dear {name},", name=…)`. What is English in the code is the
key of the catalogues in `services/scheduling/catalogues`, in gettext's form, so that any translator's program opens
them; Babel reads them, and knows how a language writes days and times. What a catalogue lacks is said in English.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache
from importlib.resources import files

from babel import Locale
from babel.dates import format_date, format_time
from babel.messages.pofile import read_po

from shared.kernel.clock import LONDON

_CODE = re.compile(r"[a-z]{2,3}")
_ISOLATED = "\u2068{}\u2069"


@dataclass(frozen=True, slots=True)
class Tongue:
    """One language: `code` as in HTML, `name` as those who speak it write it."""

    code: str = "en"
    name: str = "English"
    texts: Mapping[str, str] = field(default_factory=dict, hash=False)
    locale: Locale | None = field(default=None, hash=False)
    direction: str = "ltr"

    @property
    def is_english(self) -> bool:
        """Tell whether it needs no translation."""
        return self.locale is None

    def say(self, text: str, **values: str) -> str:
        """Return a sentence in this language, with what goes into it.

        Where it is written from the right, what goes into it (a name, an address) keeps its own direction.
        """
        said = self.texts.get(text, text)
        if not values:
            return said
        return said.format(**{name: self.isolated(value) for name, value in values.items()})

    def isolated(self, value: str) -> str:
        """Return something that may be written the other way, so that what stands beside it does not run into it."""
        other_way = self.direction == "rtl" and any(unicodedata.bidirectional(one) == "L" for one in value)
        return _ISOLATED.format(value) if other_way else value

    def day(self, instant: datetime) -> str:
        """Return the day in England: Monday 7 December 2026."""
        local = instant.astimezone(LONDON)
        if self.locale is None:
            return f"{local:%A} {local.day} {local:%B %Y}"
        return format_date(local.date(), "full", self.locale)

    def clock_time(self, instant: datetime) -> str:
        """Return a time in England as people say it: 2:30pm, 2pm, midday."""
        local = instant.astimezone(LONDON)
        if self.locale is not None:
            return format_time(local.time(), "short", locale=self.locale)
        if (local.hour, local.minute) == (12, 0):
            return "midday"
        hour = local.hour % 12 or 12
        minutes = f":{local.minute:02}" if local.minute else ""
        return f"{hour}{minutes}{'am' if local.hour < 12 else 'pm'}"

    def moment(self, instant: datetime) -> str:
        """Return a day and a time in England: Monday 7 December 2026, 2:30pm."""
        return self.say("{day}, {time}", day=self.day(instant), time=self.clock_time(instant))

    def when(self, start: datetime, end: datetime) -> str:
        """Return a span in England: Monday 7 December 2026, 2:30pm to 3:30pm."""
        until = self.clock_time(end) if self.day(start) == self.day(end) else self.moment(end)
        return self.say("{start} to {end}", start=self.moment(start), end=until)


ENGLISH = Tongue()


def to_say(text: str) -> str:
    """Return a sentence as it is; it marks, for those who gather what is to be translated, what is said elsewhere."""
    return text


def tongue_of(code: str) -> Tongue:
    """Return the language of a code; English where there is no catalogue of it."""
    return _tongue(code) if code in catalogues() else ENGLISH


@cache
def catalogues() -> frozenset[str]:
    """Return the codes of the languages that there is a catalogue of."""
    folder = files("services.scheduling") / "catalogues"
    return frozenset(one.name.removesuffix(".po") for one in folder.iterdir() if one.name.endswith(".po"))


@cache
def _tongue(code: str) -> Tongue:
    assert _CODE.fullmatch(code)  # noqa: S101 - it is the name of a file of ours
    locale = Locale.parse(code)
    with (files("services.scheduling") / "catalogues" / f"{code}.po").open("rb") as file:
        catalogue = read_po(file, locale=locale)
    texts = {str(one.id): str(one.string) for one in catalogue if one.id and one.string and not one.fuzzy}
    name = str(locale.get_display_name() or code)
    return Tongue(code, name[:1].upper() + name[1:], texts, locale, locale.text_direction)
