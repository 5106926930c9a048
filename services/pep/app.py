"""The pep service as the machinery sees it: its tables, pages, API, reactions and jobs."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from flask import Flask

from services.pep.adapters import (
    tables_child,
    tables_delegation,
    tables_emergency,
    tables_forms,
    tables_links,
    tables_parents,
    tables_placement,
    tables_plan,
    tables_retention,
    tables_review,
    tables_sign_in,
)
from services.pep.adapters.children_store import name_of
from services.pep.adapters.tables import metadata
from services.pep.application.announcing import announce, subjects
from services.pep.entrypoints.api import care_plan as care_plan_api
from services.pep.entrypoints.api import children as children_api
from services.pep.entrypoints.api import concerns as concerns_api
from services.pep.entrypoints.api import forms as forms_api
from services.pep.entrypoints.api import people as people_api
from services.pep.entrypoints.api import placement as placement_api
from services.pep.entrypoints.api import plans as plans_api
from services.pep.entrypoints.api import reviews as reviews_api
from services.pep.entrypoints.api import schools as schools_api
from services.pep.entrypoints.api import targets as targets_api
from services.pep.entrypoints.api import team as team_api
from services.pep.entrypoints.api import views as views_api
from services.pep.entrypoints.chronology import chronology
from services.pep.entrypoints.jobs import JOBS
from services.pep.entrypoints.pages import (
    accounts,
    allocation,
    care_plan,
    child_changes,
    children,
    circumstances,
    concerns,
    delegations,
    departures,
    disagreements,
    emergencies,
    entering_care,
    forms,
    links,
    new_school,
    parent_plan,
    parents,
    people,
    personal_link,
    placement,
    plans,
    retention,
    review_caseload,
    review_packs,
    review_records,
    reviews,
    sections,
    sessions,
    sign_in,
    targets,
    team,
    views,
    visits,
    worklist,
)
from services.pep.entrypoints.subscriptions import SUBSCRIPTIONS
from shared.contracts.permissions import HEAD, KEEPS_PEOPLE
from shared.contracts.roles import Role
from shared.platform.service import Announcer, NavigationItem, ServiceSpec

HERE = Path(__file__).parent

PAGES = (
    worklist.pages,
    children.pages,
    entering_care.pages,
    child_changes.pages,
    team.pages,
    parents.pages,
    retention.pages,
    emergencies.pages,
    placement.pages,
    delegations.pages,
    allocation.pages,
    people.pages,
    departures.pages,
    new_school.pages,
    plans.pages,
    circumstances.pages,
    sections.pages,
    forms.pages,
    targets.pages,
    views.pages,
    care_plan.pages,
    concerns.pages,
    reviews.pages,
    review_records.pages,
    review_packs.pages,
    review_caseload.pages,
    disagreements.pages,
    visits.pages,
    links.pages,
    parent_plan.pages,
    personal_link.pages,
    sessions.pages,
    accounts.pages,
    sign_in.pages,
)

API = (
    children_api.api,
    placement_api.api,
    team_api.api,
    schools_api.api,
    people_api.api,
    plans_api.api,
    targets_api.api,
    views_api.api,
    care_plan_api.api,
    concerns_api.api,
    forms_api.api,
    reviews_api.api,
)

TABLES = (
    tables_child.child,
    tables_delegation.delegation,
    tables_emergency.account,
    tables_forms.own_form,
    tables_links.link,
    tables_parents.decision,
    tables_placement.placement,
    tables_plan.plan,
    tables_retention.hold,
    tables_review.review,
    tables_sign_in.account,
)
"""The modules add their tables to `metadata` when they are loaded."""


def register_pages(app: Flask) -> None:
    """Add every page of the service."""
    for blueprint in PAGES:
        app.register_blueprint(blueprint)


def register_api(smorest: Any) -> None:
    """Add every resource of the service's API."""
    for blueprint in API:
        smorest.register_blueprint(blueprint)


SPEC = ServiceSpec(
    name="pep",
    title="Personal Education Plans",
    metadata=metadata,
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
        NavigationItem("My work", "/"),
        NavigationItem("Children", "/children"),
        NavigationItem("Reviews", "/reviews", KEEPS_PEOPLE | {Role.IRO}),
        NavigationItem("People", "/people", KEEPS_PEOPLE),
        NavigationItem("Records", "/records", KEEPS_PEOPLE),
        NavigationItem("Plan forms", "/forms", HEAD),
    ),
)
