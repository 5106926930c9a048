"""In which language somebody is written to: as pep recorded it, and as far as the authority has switched it on."""

from __future__ import annotations

from collections.abc import Iterable

from services.scheduling.adapters.policies import load_policies
from services.scheduling.domain.policy import policy_on
from shared.contracts.languages import ENGLISH
from shared.platform import roster
from shared.platform.work import Work


def languages_of(work: Work, authority: str, person_ids: Iterable[str]) -> dict[str, str]:
    """Return the language besides English of each of these people; empty for English alone; one query.

    An authority switches a language on once somebody who speaks it has read the catalogue.
    """
    sent = policy_on(load_policies(authority), work.today).languages
    wanted = list(person_ids)
    if not sent:
        return dict.fromkeys(wanted, ENGLISH)
    people = roster.people_by_id(work.connection, wanted)
    spoken = {person_id: one.language for person_id, one in people.items()}
    return {person_id: found if (found := spoken.get(person_id, "")) in sent else ENGLISH for person_id in wanted}
