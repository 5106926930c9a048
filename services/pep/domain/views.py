"""The child's own views, in their words, or gathered by a named person on their behalf."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

QUESTIONS: tuple[tuple[str, str, str], ...] = (
    ("going_well", "What is going well?", "At school, at home, with friends. Anything you are proud of."),
    ("change", "What would you like to change?", "Things that are hard, or that you want to be different."),
    ("who_comes", "Who do you want at your meeting?", "And is there anyone you would like not to be there?"),
    (
        "taking_part",
        "How do you want to take part?",
        "You can come for all of it or some of it, run it, or send a message.",
    ),
    ("hopes", "What do you hope for?", "Next week, next year, or when you are grown up."),
    ("interests", "What do you like to do?", "Clubs, sport, music, games, or something you would like to try."),
)
"""Key, question and hint, in the order they are asked; written to be read at about nine years of age."""

KEYS = tuple(key for key, _, _ in QUESTIONS)

WAYS_GATHERED = {
    "talked": "We talked",
    "wrote": "They wrote or drew",
    "symbols": "With pictures, signs or symbols",
    "app": "With an app or a form",
    "observed": "By watching how they play and learn",
    "advocate": "Their advocate told me",
}


@dataclass(frozen=True, slots=True)
class ChildViews:
    """What a child said for one plan.

    `gathered_by` is empty when the child wrote it, else the id of the person who recorded it, and `how` the code of the
    way (see `WAYS_GATHERED`).
    """

    plan_id: str
    child_id: str
    answers: dict[str, str]
    gathered_by: str = ""
    gathered_by_name: str = ""
    how: str = ""
    saved_at: datetime | None = None
    version: int = 0

    @property
    def given(self) -> bool:
        """Tell whether the child's views are there at all."""
        return any(text.strip() for text in self.answers.values())

    @property
    def in_own_words(self) -> bool:
        """Tell whether the child wrote them."""
        return not self.gathered_by
