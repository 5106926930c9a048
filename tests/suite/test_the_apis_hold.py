"""Every operation of the three APIs as every role, with what schemathesis makes of the API's own description.

No answer is a fault of ours (5xx), and each has a status, a type and a shape that the description names. What an
address asks for is often a real record of the world, so that the answers are not all "not found". Every run tries the
same; PEP_SUITE_API_EXAMPLES=50 tries 50 for each operation and role instead, other ones each time.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from schemathesis.checks import (
    content_type_conformance,
    not_a_server_error,
    response_schema_conformance,
    status_code_conformance,
)
from werkzeug.exceptions import NotFound
from werkzeug.middleware.dispatcher import DispatcherMiddleware

from shared.contracts.roles import Role
from shared.platform.db import Database
from shared.platform.settings import SERVICES
from tests.suite.access_world import AccessWorld, undone

EXAMPLES = int(os.environ.get("PEP_SUITE_API_EXAMPLES", "0"))
CHECKS = [not_a_server_error, status_code_conformance, content_type_conformance, response_schema_conformance]


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[AccessWorld]:
    made = AccessWorld(tmp_path_factory.mktemp("apis"))
    yield made
    made.runtime.close()


@pytest.mark.parametrize("service", SERVICES)
@pytest.mark.parametrize("role", Role)
def test_what_the_description_allows_is_answered_as_it_says(
    world: AccessWorld, monkeypatch: pytest.MonkeyPatch, service: str, role: Role
) -> None:
    monkeypatch.setattr(Database, "writing", undone)
    client = world.client(service, f"our-{role.value}")
    headers = {"Authorization": client.environ_base["HTTP_AUTHORIZATION"]}
    mounted = DispatcherMiddleware(NotFound(), {f"/{service}": world.apps[service]})
    described = schemathesis.openapi.from_wsgi(f"/{service}/api/openapi.json", mounted)
    for found in described.get_all_operations():
        try_out(world, found.ok(), headers)


def try_out(world: AccessWorld, operation: Any, headers: dict[str, str]) -> None:
    how = settings(
        max_examples=EXAMPLES or 3,
        derandomize=not EXAMPLES,
        database=None,
        deadline=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )

    @how
    @given(case=operation.as_strategy(), data=st.data())
    def holds(case: Any, data: st.DataObject) -> None:
        things = data.draw(st.sampled_from(list(world.things.values())), label="child")
        for name in case.path_parameters:
            if name in things and data.draw(st.booleans(), label=f"a real {name}"):
                case.path_parameters[name] = things[name]
        if "If-Match" in case.headers and data.draw(st.booleans(), label="any version"):
            case.headers["If-Match"] = "*"
        case.headers.update(headers)
        case.validate_response(case.call(), checks=CHECKS)

    holds()
