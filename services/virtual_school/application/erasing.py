"""Erasing what the Virtual School has of a child, when pep has erased the record."""

from __future__ import annotations

from collections.abc import Mapping

from services.virtual_school.adapters import attendance_store, children_store
from shared.contracts.pep import RecordErased
from shared.contracts.virtual_school import RecordErased as MonitoringErased
from shared.platform import erasure
from shared.platform.work import Work


def when_record_erased(work: Work, fact: RecordErased) -> None:
    """Erase the child's attendance, suspensions, concerns and ratings."""
    erasure.follow(work, fact, MonitoringErased, _forget)


def _forget(work: Work, erased: erasure.Erased) -> Mapping[str, int]:
    """Take the child out of what is kept of files of many children: the lines refused, the file's own name."""
    child = children_store.load(work.connection, erased.child_id)
    named = [child.id, child.reference, child.upn or "", child.name] if child else [erased.child_id]
    attendance_store.take_out_of_uploads(work.connection, erased.child_id, [name for name in named if name])
    return {}
