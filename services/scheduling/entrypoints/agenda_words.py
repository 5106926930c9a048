"""What will be talked about, in words: whom a point is for, who starts, what happened to it."""

from __future__ import annotations

from services.scheduling.domain.agenda import LONGEST, Wish
from shared.contracts.roles import Role

WISHES = {
    Wish.TALK: "Everybody at the meeting",
    Wish.WORKER_ONLY: (
        "Only my social worker and their manager. It is kept in my record, which the Virtual School head looks after"
    ),
}
HAPPENED = {
    "agenda_added": "{who} added to what will be talked about",
    "agenda_changed": "{who} changed what they would like to talk about",
    "agenda_taken_out": "Something of {who} was taken out of what will be talked about",
}


def point_field(*, of_child: bool) -> dict[str, object]:
    """Return the field of a point's words, which says who reads them."""
    everybody = "Everybody who is invited can read it, so do not write where the child lives."
    return {
        "key": "text",
        "label": "What do you want to talk about?",
        "hint": "You choose below who may know." if of_child else everybody,
        "type": "textarea",
        "rows": 3,
        "max": LONGEST,
    }


def wish_options() -> list[dict[str, str]]:
    """Return for whom the child may write, as a form offers it."""
    return [{"value": wish.value, "text": text} for wish, text in WISHES.items()]


def starter(role: str) -> str:
    """Return who the child would like to start, as a sentence."""
    return f"The child would like {'' if role == Role.CHILD else f'the {_small(role)} '}to start."


def starter_options(roles: tuple[str, ...]) -> list[dict[str, str]]:
    """Return who may be asked to start, as the child's form offers it."""
    texts = {role: "Me" if role == Role.CHILD else f"The {_small(role)}" for role in roles}
    return [{"value": "", "text": "It does not matter"}, *({"value": key, "text": text} for key, text in texts.items())]


def _small(role: str) -> str:
    return Role(role).title if role == Role.IRO else Role(role).title.lower()
