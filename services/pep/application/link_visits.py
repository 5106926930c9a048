"""The other end of a personal link: asking for a code, entering it, and doing the one thing that the link is for.

Whoever is inside acts as themselves, narrowed to the link: the policy lets them near nothing else, whatever their place
on the team would allow. What the link depends on is looked at anew at every step.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from services.pep.adapters import forms_store, links_store, mail_store, plans_store
from services.pep.adapters.links_store import Contribution
from services.pep.adapters.mail_store import Act
from services.pep.adapters.plans_store import KeptVersion, SavedSection
from services.pep.application import sections, views
from services.pep.application.history import record
from services.pep.application.link_mails import CODE_SUBJECT, code_words
from services.pep.application.links import holdings_of
from services.pep.application.placement import refuse_what_gives_it_away
from services.pep.domain.forms import Section
from services.pep.domain.links import (
    CODES_A_DAY,
    PersonalLink,
    Tried,
    Visit,
    code_hash,
    is_code,
    may_still_write,
    new_code,
    why_over,
)
from services.pep.domain.plan import Plan
from services.pep.domain.views import ChildViews
from shared.contracts.roles import Role
from shared.kernel.errors import Conflict, DomainError, InvalidInput, NotFound, Stale
from shared.kernel.ids import hash_of, new_secret
from shared.platform import roster
from shared.platform.access import Actor, Scope, note_link_use, permit
from shared.platform.work import Work

LONGEST_CONTRIBUTION = 20_000


class TooManyCodes(DomainError):
    """No more codes are sent for a link today."""

    status = 429

    def __init__(self) -> None:
        super().__init__(
            "too_many_codes", "Many codes were sent for this link today. Try again tomorrow, or ask the social worker."
        )


class NotInside(DomainError):
    """The code was not entered in this browser, or more than an hour ago."""

    status = 403

    def __init__(self) -> None:
        super().__init__("code_needed", "Ask for a code first.")


@dataclass(frozen=True, slots=True)
class Opened:
    """A link that opens something today, the plan it is for, its holder, and whether they may still write."""

    link: PersonalLink
    plan: Plan
    holder: Actor
    may_write: bool

    @property
    def role(self) -> str:
        """Return the role in which the holder acts; empty for somebody from outside the team."""
        return self.link.purpose.role.value if self.link.purpose.role else ""


def open_link(work: Work, secret: str, action: str = "pep.personal_link.read") -> Opened:
    """Return what a link opens today, and note its use; raises one `NotFound` for all that open nothing."""
    link = links_store.with_secret(work.connection, secret, locked=work.may_write)
    if link is None:
        raise _unknown()
    plan = plans_store.load_plan(work.connection, link.plan_id)
    team = roster.team(work.connection, link.child_id, work.today)
    holder = _holder(link, plan)
    role = link.purpose.role.value if link.purpose.role else ""
    if why_over(link, holdings_of(work, plan, team)(link), work.now) is not None:
        work.trail.note(holder, role, action, link.child_id, allowed=False)
        raise _unknown()
    note_link_use(work, holder, role, action, link.child_id)
    return Opened(link, plan, holder, may_still_write(link.purpose, plan.state))


def send_code(work: Work, secret: str) -> str:
    """Send a code to the address the link was sent to; return what the browser that asked shall hold.

    Raises `NotFound`, and `TooManyCodes` after ten within a day.
    """
    opened = open_link(work, secret, "pep.personal_link.send_code")
    link = opened.link
    if links_store.codes_since(work.connection, link.id, work.now - timedelta(days=1)) >= CODES_A_DAY:
        raise TooManyCodes
    held, code = new_secret(), new_code()
    visit_id = hash_of(held)
    kept = code_hash(work.settings.secret, visit_id, code)
    links_store.begin_visit(work.connection, Visit(visit_id, link.id, kept, work.now))
    authority = work.settings.authority(opened.plan.authority)
    words = code_words(code, authority.name)
    mail_store.enqueue(work.connection, authority, link, Act.CODE, CODE_SUBJECT, words, work.now)
    return held


def waits_for_code(work: Work, secret: str, held: str) -> bool:
    """Tell whether this browser may enter a code; raises `NotFound`."""
    visit = links_store.visit_of(work.connection, open_link(work, secret).link.id, held)
    return visit is not None and visit.takes_code(work.now)


def enter_code(work: Work, secret: str, held: str, typed: str) -> tuple[Tried, str]:
    """Try a code in this browser; return what came of it, and what the browser shall hold from then on.

    A wrong one is counted, so the unit of work must be committed. Raises `NotFound`.
    """
    opened = open_link(work, secret, "pep.personal_link.enter_code")
    visit = links_store.visit_of(work.connection, opened.link.id, held, locked=True)
    if visit is None or not visit.takes_code(work.now):
        return Tried.NO_CODE, held
    if not is_code(work.settings.secret, visit, typed):
        links_store.note_wrong_code(work.connection, visit)
        left = Visit(visit.id, visit.link_id, visit.code_hash, visit.asked_at, visit.tries + 1)
        return (Tried.WRONG if left.takes_code(work.now) else Tried.NO_CODE), held
    inside = new_secret()
    links_store.enter(work.connection, visit, inside, work.now)
    links_store.note_use(work.connection, opened.link.id, work.now)
    return Tried.LET_IN, inside


def was_inside(work: Work, secret: str, held: str) -> PersonalLink | None:
    """Return the link if a code was entered for it in this browser, an hour ago or longer; what was typed is kept."""
    link = links_store.with_secret(work.connection, secret)
    visit = links_store.visit_of(work.connection, link.id, held) if link else None
    return link if visit is not None and visit.entered_at is not None else None


def act_as_holder(work: Work, secret: str, held: str) -> Opened:
    """Let the unit of work go on as the holder of a link; raises `NotFound`, and `NotInside` without a code."""
    opened = open_link(work, secret)
    visit = links_store.visit_of(work.connection, opened.link.id, held)
    if visit is None or not visit.is_inside(work.now):
        raise NotInside
    work.actor = opened.holder
    return opened


def leave(work: Work, secret: str, held: str) -> None:
    """End the visit of this browser; raises `NotFound`."""
    opened = open_link(work, secret, "pep.personal_link.leave")
    links_store.end_visit(work.connection, opened.link.id, held)


@dataclass(frozen=True, slots=True)
class OwnPart:
    """One of the carer's sections, as the holder of a link sees it: what they wrote, and nothing else of the plan."""

    section: Section
    answers: Mapping[str, Any]
    version: int


def own_parts(work: Work, opened: Opened) -> list[OwnPart]:
    """Return the sections of the plan that its carer writes."""
    permit(work, "pep.plan.edit_carer_sections", opened.plan.child_id, plan_id=opened.plan.id)
    saved = plans_store.sections_of(work.connection, [opened.plan.id])[opened.plan.id]
    answers = {key: one.answers for key, one in saved.items()}
    form = forms_store.form_of_plan(work.connection, opened.plan, answers)
    nothing = SavedSection(opened.plan.id, "", {}, "", "", work.now, 0)
    found = [(one, saved.get(one.key, nothing)) for one in form.sections if one.owner is Role.CARER]
    return [OwnPart(section, kept.answers, kept.version) for section, kept in found]


def save_own_part(work: Work, opened: Opened, key: str, raw: Mapping[str, Any], seen_version: int) -> None:
    """Save one of the carer's sections; raises as `save_section`."""
    _check_open(opened)
    sections.save_section(work, opened.plan.id, key, raw, seen_version)
    links_store.note_handed_in(work.connection, opened.link.id, work.now)


def save_own_views(
    work: Work, opened: Opened, answers: Mapping[str, str], seen_version: int, how: str = ""
) -> ChildViews:
    """Save the child's views, said by the child or written down by the advocate; raises as `save_views`."""
    _check_open(opened)
    said = views.save_views(work, opened.plan.id, answers, seen_version, how)
    links_store.note_handed_in(work.connection, opened.link.id, work.now)
    return said


def contribution(work: Work, opened: Opened) -> Contribution | None:
    """Return what the holder of a link has written for the plan so far."""
    permit(work, "pep.contribution.give", opened.plan.child_id, plan_id=opened.plan.id)
    return links_store.contribution_by(work.connection, opened.link.id)


def save_contribution(work: Work, opened: Opened, text: str, seen_version: int) -> Contribution:
    """Save what somebody from outside the team contributes; every version stays.

    Raises `InvalidInput`, `Conflict`, `Stale` where another browser saved in the meantime, `NotFound`, `Denied`.
    """
    plan, link = opened.plan, opened.link
    permit(work, "pep.contribution.give", plan.child_id, plan_id=plan.id)
    _check_open(opened)
    text = text.replace("\r\n", "\n").strip()
    if not text:
        raise InvalidInput({"text": ["Write your contribution"]})
    if len(text) > LONGEST_CONTRIBUTION:
        raise InvalidInput({"text": [f"Use {LONGEST_CONTRIBUTION:,} letters or fewer"]})
    before = links_store.contribution_by(work.connection, link.id)
    if before is not None and before.text == text:
        return before
    refuse_what_gives_it_away(work, plan.child_id, {"text": text})
    written = Contribution(link.id, plan.id, link.name, link.capacity, text, work.now, seen_version + 1)
    if (before.version if before else 0) != seen_version or not links_store.save_contribution(work.connection, written):
        raise Stale("contribution_changed", "This was saved in another window meanwhile. Look at it again.")
    body = {"text": text, "capacity": link.capacity}
    kept = KeptVersion(f"contribution/{link.id}", written.version, body, link.holder_id, link.name, "", work.now)
    plans_store.keep_version(work.connection, plan.id, kept)
    links_store.note_handed_in(work.connection, link.id, work.now)
    record(work, plan.child_id, plan.id, "contribution_given", capacity=link.capacity)
    return written


def child_called(work: Work, plan: Plan) -> str:
    """Return what the child is called: the one name that somebody inside is shown."""
    return plans_store.child_names(work.connection, [plan.child_id])[plan.child_id][1]


def _check_open(opened: Opened) -> None:
    if not opened.may_write:
        raise Conflict("plan_is_closed", "The plan has been sent to the Virtual School, so this cannot be changed now.")


def _holder(link: PersonalLink, plan: Plan) -> Actor:
    role = link.purpose.role
    scope = Scope(link.child_id, link.plan_id, link.purpose.actions, role)
    kinds = frozenset({role} if role else ())
    return Actor(link.holder_id, link.name, kinds, "", plan.authority, scope=scope)


def _unknown() -> NotFound:
    return NotFound("link_not_known", "This link is no longer in use. Ask the social worker for a new one.")
