"""What holds for every test."""

import pytest
from hypothesis import HealthCheck, settings

# How long an example takes says more about the machine than about the code; pytest's own time limit is kept.
settings.register_profile("suite", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("suite")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with the files that take long, so that two processes end at about the same time."""
    takes_long = {item.path for item in items if item.get_closest_marker("slow") or item.get_closest_marker("browser")}
    items.sort(key=lambda item: item.path not in takes_long)
