"""The Virtual School as one value: the only file that sees every part of the service."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

from services.virtual_school.adapters.children_store import name_of
from services.virtual_school.adapters.tables import metadata
from services.virtual_school.application.announcing import announce, subjects
from services.virtual_school.application.monitoring import monitor_everyone
from services.virtual_school.entrypoints.api import register_api
from services.virtual_school.entrypoints.chronology import chronology
from services.virtual_school.entrypoints.pages import register_pages
from services.virtual_school.entrypoints.subscriptions import SUBSCRIPTIONS
from shared.contracts.permissions import PROFESSIONALS, SCHOOL, VIRTUAL_SCHOOL
from shared.platform.service import Announcer, Job, NavigationItem, ServiceSpec

HERE = Path(__file__).parent

SPEC = ServiceSpec(
    name="virtual_school",
    title="Virtual School",
    metadata=metadata,
    register_pages=register_pages,
    register_api=register_api,
    subscriptions=SUBSCRIPTIONS,
    migrations=HERE / "migrations",
    templates=HERE / "templates",
    # Hourly, so that a plan is seen to be late soon after the day has turned.
    jobs=(Job("monitor_everyone", timedelta(hours=1), monitor_everyone),),
    announcer=Announcer(subjects, announce),
    child_name=name_of,
    chronology=chronology,
    navigation=(
        NavigationItem("Overview", "/", PROFESSIONALS),
        NavigationItem("Children", "/children", PROFESSIONALS),
        NavigationItem("Plans", "/plans", PROFESSIONALS),
        NavigationItem("Concerns", "/concerns", PROFESSIONALS),
        NavigationItem("Attendance files", "/attendance", VIRTUAL_SCHOOL | SCHOOL),
        NavigationItem("Suspension files", "/suspensions", VIRTUAL_SCHOOL | SCHOOL),
    ),
)
