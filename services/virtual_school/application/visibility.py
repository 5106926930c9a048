"""Whom an actor may see in a list: the table of permissions, turned into one condition."""

from __future__ import annotations

from sqlalchemy import ColumnElement

from services.virtual_school.adapters import children_store
from services.virtual_school.domain.children import Child
from shared.contracts.permissions import PERMISSIONS
from shared.kernel.errors import NoSuchRecord
from shared.platform.access import permit
from shared.platform.work import Work


def scope(work: Work, action: str) -> ColumnElement[bool]:
    """Return the condition on `child` that the actor may do `action` to it; the same answer as `permit` gives."""
    permission = PERMISSIONS[action]
    whole_authority = work.actor.system or bool(work.actor.kinds & permission.authority)
    return children_store.visible(
        work.actor.person_ids,
        permission.team,
        work.today,
        all_of=work.actor.authority if whole_authority else None,
    )


def child_for(work: Work, action: str, child_id: str) -> Child:
    """Return a child if the actor may do `action` to their record; raises `NotFound` or `Denied`."""
    permit(work, action, child_id)
    child = children_store.load(work.connection, child_id)
    if child is None:
        raise NoSuchRecord
    return child
