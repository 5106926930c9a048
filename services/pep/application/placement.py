"""Where a child lives: shown to few, recorded by social care, never told to the other services, kept out of texts."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from services.pep.adapters import children_store, placement_store
from services.pep.domain.placement import LEAKS, Placement, Watch, check, current, tidy_postcode
from shared.contracts.roles import Role
from shared.kernel.errors import Conflict, InvalidInput, Stale
from shared.kernel.ids import new_id
from shared.platform import roster
from shared.platform.access import may, permit, standing
from shared.platform.work import Work


@dataclass(frozen=True, slots=True)
class PlacementView:
    """Where a child lives as far as the reader may see it; `earlier` is for the staff of the authority.

    `version` counts how often anything was recorded.
    """

    child_id: str
    now: Placement | None
    earlier: tuple[Placement, ...]
    version: int


@dataclass(frozen=True, slots=True)
class NewPlacement:
    """What a worker enters; `carer_id` is a carer on the team, or empty."""

    since: date
    address: str
    postcode: str = ""
    carer_id: str = ""
    carer_name: str = ""
    carer_phone: str = ""


def placement_of(work: Work, child_id: str) -> PlacementView:
    """Return where a child lives; raises `NotFound`, `Denied`.

    A carer sees only the home in which they are the carer.
    """
    permit(work, "pep.placement.read", child_id)
    recorded = placement_store.of_child(work.connection, child_id)
    now = current(recorded)
    if now is not None and now.carer_id != work.actor.person_id and _reads_as_carer_alone(work, child_id):
        return PlacementView(child_id, None, (), 0)
    if not may(work, "pep.placement.read", child_id, field="history"):
        return PlacementView(child_id, now, (), len(recorded))
    return PlacementView(child_id, now, tuple(one for one in reversed(recorded) if one is not now), len(recorded))


def carers_of(work: Work, child_id: str) -> list[roster.Membership]:
    """Return the carers on a child's team today: one of them may live at the address."""
    permit(work, "pep.placement.record", child_id)
    return [one for one in roster.team(work.connection, child_id, work.today) if one.role is Role.CARER]


def record_placement(work: Work, child_id: str, new: NewPlacement, seen_version: int) -> PlacementView:
    """Record where a child lives, from a day; what was recorded before stays.

    Raises `InvalidInput` by field, `Conflict` when the child left care, `Stale` when somebody recorded it meanwhile.
    """
    permit(work, "pep.placement.record", child_id)
    children_store.lock(work.connection, child_id)
    child = children_store.load(work.connection, child_id)
    if not child.in_care:
        raise Conflict("not_in_care", "The child is no longer looked after.")
    if new.carer_id and new.carer_id not in {one.person_id for one in carers_of(work, child_id)}:
        raise InvalidInput({"carer_id": ["Choose a carer on the team, or none of them."]})
    placement = Placement(
        id=new_id(),
        child_id=child_id,
        since=new.since,
        address=_lines(new.address),
        postcode=tidy_postcode(new.postcode),
        carer_id=new.carer_id,
        carer_name=new.carer_name.strip(),
        carer_phone=new.carer_phone.strip(),
        recorded_by=work.actor.person_id,
        recorded_by_name=work.actor.name,
        recorded_at=work.now,
    )
    check(placement, child.born_on, work.today)
    recorded = placement_store.of_child(work.connection, child_id)
    if len(recorded) != seen_version:
        raise Stale("placement_changed", "Somebody else recorded this in the meantime.", version=len(recorded))
    placement_store.add(work.connection, placement)
    return placement_of(work, child_id)


def refuse_what_gives_it_away(work: Work, child_id: str, texts: Mapping[str, Any], watch: Watch | None = None) -> None:
    """Raise `InvalidInput` for each text, by its field, that holds a placement's address, postcode or telephone.

    Texts are read by more people than may know where the child lives, whoever writes them. Anything that is no text
    is looked through for texts. `watch` is the child's, where the caller has read it already.
    """
    finds = (watch or placement_store.watch_over(work.connection, child_id)).finds
    found = [name for name, value in texts.items() if any(finds(text) for text in _texts_in(value))]
    if found:
        raise InvalidInput({name: [LEAKS] for name in found})


def _reads_as_carer_alone(work: Work, child_id: str) -> bool:
    """Tell whether the actor may read it only because they are a carer of the child."""
    found = standing(work, child_id)
    others = replace(found.thing, team_roles=found.thing.team_roles - {Role.CARER})
    return not replace(found, thing=others).may("pep.placement.read")


def _texts_in(value: Any) -> Iterable[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for each in value.values():
            yield from _texts_in(each)
    elif isinstance(value, (list, tuple)):
        for each in value:
            yield from _texts_in(each)


def _lines(text: str) -> str:
    """Return an address with one part in each line and no empty ones."""
    return "\n".join(line for line in (" ".join(part.split()) for part in text.splitlines()) if line)
