"""How a child took part in a meeting about them, and the code that the return of looked-after children has for it.

The code is derived from what was seen, never chosen from a list: the codes overlap in people's memories, the facts do
not. The national return asks for it of reviews of the care plan; of a PEP meeting it is kept for the authority itself.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Conveyed(StrEnum):
    """How the child's views came to the meeting."""

    SPOKE = "spoke"
    ADVOCATE = "advocate"
    SYMBOLS = "symbols"
    OTHER_MEANS = "other_means"
    NOT = "not"


class ParticipationCode(StrEnum):
    """How a child took part in a review, as the SSDA903 return codes it."""

    PN0 = "PN0"
    PN1 = "PN1"
    PN2 = "PN2"
    PN3 = "PN3"
    PN4 = "PN4"
    PN5 = "PN5"
    PN6 = "PN6"
    PN7 = "PN7"

    @property
    def words(self) -> str:
        """Return what the code means, in plain English."""
        return CODE_WORDS[self]


CODE_WORDS = {
    ParticipationCode.PN0: "Under 4 on the day",
    ParticipationCode.PN1: "Came and spoke for themselves",
    ParticipationCode.PN2: "Came, and an advocate spoke for them",
    ParticipationCode.PN3: "Came, and said what they think by signs, symbols, drawing or writing",
    ParticipationCode.PN4: "Came, and did not say what they think in any way",
    ParticipationCode.PN5: "Did not come, and told an advocate what to say",
    ParticipationCode.PN6: "Did not come, and sent their views another way",
    ParticipationCode.PN7: "Did not come, and their views were not told",
}


@dataclass(frozen=True, slots=True)
class Participation:
    """What was seen of a child's part in a meeting: did they come, how were they heard, were they under 4."""

    attended: bool
    conveyed: Conveyed
    under_four: bool = False

    @property
    def code(self) -> ParticipationCode:
        """Return the code that follows."""
        return participation_code(self)


def participation_code(seen: Participation) -> ParticipationCode:
    """Return the participation code that follows from how a child took part.

    Source: the codes for participation in reviews, PN0 to PN7, of the return on looked-after children (SSDA903) that is
    made under section 83 of the Children Act 1989. PN0 is for every child under 4 on the day and for no other. Somebody
    who came and wrote, drew or signed has conveyed their view without speech (PN3); who did not come and was heard on
    the telephone, or by anything else than an advocate, has sent their views by other means (PN6).
    """
    if seen.under_four:
        return ParticipationCode.PN0
    if seen.attended:
        return _CAME[seen.conveyed]
    return _STAYED_AWAY[seen.conveyed]


_CAME = {
    Conveyed.SPOKE: ParticipationCode.PN1,
    Conveyed.ADVOCATE: ParticipationCode.PN2,
    Conveyed.SYMBOLS: ParticipationCode.PN3,
    Conveyed.OTHER_MEANS: ParticipationCode.PN3,
    Conveyed.NOT: ParticipationCode.PN4,
}
_STAYED_AWAY = {
    Conveyed.SPOKE: ParticipationCode.PN6,
    Conveyed.ADVOCATE: ParticipationCode.PN5,
    Conveyed.SYMBOLS: ParticipationCode.PN6,
    Conveyed.OTHER_MEANS: ParticipationCode.PN6,
    Conveyed.NOT: ParticipationCode.PN7,
}
