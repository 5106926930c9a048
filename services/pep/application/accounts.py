"""Who somebody is that has proved an account: linked once, by a proved address or an invitation, never by a name.

Roles come from the people recorded here, never from the issuer. Where an account belongs to several people (a
designated teacher of two schools is recorded for each), the person chooses for which they act. A designated teacher of
one school whom several authorities have recorded is one choice: who has proved the account may see each record's pupils
side by side, and no authority sees the other's record (docs/decisions/0018).
"""

from __future__ import annotations

from collections.abc import Sequence

from services.pep.adapters import accounts_store
from services.pep.adapters.accounts_store import Choice
from services.pep.application.people import may_change_person, person_record
from services.pep.domain.accounts import Account, Invitation, LinkedBy, links_by_address
from shared.kernel.errors import Denied, NotFound
from shared.platform import roster, sessions
from shared.platform.access import permit
from shared.platform.openid import Proved, SignInRefused
from shared.platform.roster import Person
from shared.platform.sessions import Ended
from shared.platform.work import Work

Desk = tuple[Person, ...]
"""The records that somebody acts by at once: one, or those that several authorities have of one designated teacher."""


def recognise(work: Work, proved: Proved, invitation: str = "") -> list[Desk]:
    """Return whom somebody may act as, after linking their account where that is due.

    Raises `SignInRefused` with the same words for an account nobody knows, one of somebody who is no longer here, and
    one whose address several people have.
    """
    issuer, subject = proved.issuer.url, proved.subject
    if invitation:
        _link_by_invitation(work, proved, invitation)
    known = accounts_store.of_account(work.connection, issuer, subject)
    if proved.email:
        known = [*known, *_link_by_address(work, proved, known)]
    desks = acting_for(work, Choice(issuer, subject, proved.school_urn, ""))
    if not desks:
        raise SignInRefused("nobody_known" if not known else "not_here_for_this", NOT_KNOWN)
    return desks


NOT_KNOWN = (
    "Your account is not known here. Ask the person who told you about this service for an invitation to link it, or, "
    "if you work for more than one school, sign in again for another."
)


def acting_for(work: Work, chosen: Choice) -> list[Desk]:
    """Return between what whoever has an account may choose: the people it belongs to who are here, by organisation.

    Where the issuer said for which school somebody signed in, only those of that school; where it is some authorities'
    issuer, only theirs.
    """
    served = _proved_by(work, chosen.issuer)
    ids = [one.person_id for one in accounts_store.of_account(work.connection, chosen.issuer, chosen.subject)]
    people = roster.people_by_id(work.connection, ids).values()
    here = [one for one in people if one.active and one.authority in served]
    if chosen.school_urn:
        here = [one for one in here if one.school_urn == chosen.school_urn]
    return roster.desks(sorted(here, key=lambda one: (one.organisation.lower(), one.name, one.id)))


def open_invitation(work: Work, secret: str) -> Invitation:
    """Return an invitation that may still be used; raises `NotFound`."""
    found = accounts_store.invitation_of(work.connection, secret)
    if found is None or not found.is_open(work.now):
        raise NotFound("invitation_unknown", "This link has been used or has expired. Ask for a new one.")
    return found


def invited_person(work: Work, invitation: Invitation) -> Person:
    """Return whom an invitation is for; raises `NotFound` where they are no longer here."""
    person = roster.person(work.connection, invitation.person_id)
    if person is None or not person.active:
        raise NotFound("invitation_unknown", "This link has been used or has expired. Ask for a new one.")
    return person


def invite(work: Work, person_id: str) -> str:
    """Make an invitation for a person to link an account; return its secret, which is shown once."""
    _to_change(work, person_id)
    return accounts_store.invite(work.connection, person_id, work.actor.person_id, work.now)


def accounts_of(work: Work, person_id: str) -> list[Account]:
    """Return the accounts with which a person signs in."""
    permit(work, "pep.people.read")
    return accounts_store.of_person(work.connection, person_id)


def unlink(work: Work, person_id: str, issuer: str, subject: str) -> None:
    """Take an account from a person, and sign them out everywhere; one that they do not have is not missed.

    Whoever else the account belongs to is signed out with them, as one session may act for both.
    """
    _to_change(work, person_id)
    owners = {one.person_id for one in accounts_store.of_account(work.connection, issuer, subject)}
    if accounts_store.unlink(work.connection, person_id, issuer, subject):
        for owner in sorted(owners | {person_id}):
            sessions.end_all_of(work, owner, Ended.ENDED)


def _to_change(work: Work, person_id: str) -> Person:
    permit(work, "pep.person.record")
    person = person_record(work, person_id).person
    if not may_change_person(work, person):
        raise Denied("role_may_not", "Only a Virtual School head may change the record of one.")
    return person


def _link_by_invitation(work: Work, proved: Proved, secret: str) -> None:
    found = accounts_store.invitation_of(work.connection, secret, locked=True)
    person = roster.person(work.connection, found.person_id) if found else None
    proved_here = person is not None and person.authority in _proved_by(work, proved.issuer.url)
    if found is None or not found.is_open(work.now) or not proved_here:
        raise SignInRefused("invitation_unknown", "This link has been used or has expired. Ask for a new one.")
    accounts_store.use(work.connection, found, work.now)
    accounts_store.link(
        work.connection,
        Account(
            proved.issuer.url, proved.subject, found.person_id, work.now, LinkedBy.INVITATION, invited_by=found.made_by
        ),
    )


def _link_by_address(work: Work, proved: Proved, known: Sequence[Account]) -> list[Account]:
    """Link an account, in each authority that has not linked it yet, to the one person there who has its address."""
    there = {one.authority for one in roster.people_by_id(work.connection, [one.person_id for one in known]).values()}
    found = []
    for authority in sorted(_proved_by(work, proved.issuer.url) - there):
        people = accounts_store.with_address(work.connection, authority, proved.email)
        taken = accounts_store.linked_at(work.connection, proved.issuer.url, people)
        person_id = links_by_address(people, taken)
        if person_id:
            linked = Account(proved.issuer.url, proved.subject, person_id, work.now, LinkedBy.EMAIL)
            accounts_store.link(work.connection, linked)
            found.append(linked)
    return found


def _proved_by(work: Work, issuer_url: str) -> frozenset[str]:
    """Return the authorities whose people an issuer may prove: those it belongs to, or all where it is nobody's."""
    served = frozenset(one.key for one in work.settings.authorities)
    issuer = next((one for one in work.settings.issuers if one.url == issuer_url), None)
    return served & issuer.authorities if issuer is not None and issuer.authorities else served
