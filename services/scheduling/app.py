"""The scheduling service: what it is made of."""

from __future__ import annotations

from pathlib import Path

from services.scheduling.adapters import (
    tables,
    tables_feeds,
    tables_mail,
    tables_polls,
    tables_term_plan,
    tables_times,
    tables_together,
)
from services.scheduling.adapters.children_store import name_of
from services.scheduling.application.announcing import announce, subjects
from services.scheduling.entrypoints.api import register_api
from services.scheduling.entrypoints.chronology import chronology
from services.scheduling.entrypoints.jobs import JOBS
from services.scheduling.entrypoints.pages import register_pages
from services.scheduling.entrypoints.subscriptions import SUBSCRIPTIONS
from shared.contracts.permissions import SOCIAL_CARE, VIRTUAL_SCHOOL
from shared.platform.service import Announcer, NavigationItem, ServiceSpec

HERE = Path(__file__).parent
_ALL_TABLES = (
    tables.meeting,
    tables_feeds.feed,
    tables_mail.mail_out,
    tables_polls.poll,
    tables_term_plan.term_plan,
    tables_times.room,
    tables_together.meeting_held,
)

SPEC = ServiceSpec(
    name="scheduling",
    title="Meetings",
    metadata=tables.metadata,
    register_pages=register_pages,
    register_api=register_api,
    subscriptions=SUBSCRIPTIONS,
    migrations=HERE / "migrations",
    templates=HERE / "templates",
    jobs=JOBS,
    announcer=Announcer(subjects, announce),
    child_name=name_of,
    chronology=chronology,
    navigation=(
        NavigationItem("My meetings", "/"),
        NavigationItem("Calendar", "/calendar"),
        NavigationItem("Chase list", "/chase", SOCIAL_CARE | VIRTUAL_SCHOOL),
    ),
)
