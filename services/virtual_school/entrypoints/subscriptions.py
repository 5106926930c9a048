"""Which facts of the others the Virtual School hears, and what it does with each."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from services.virtual_school.application.reactions import SUBSCRIPTIONS as OWN
from shared.platform.emergencies import EMERGENCY_SUBSCRIPTIONS
from shared.platform.roster import ROSTER_SUBSCRIPTIONS
from shared.platform.sessions import SESSION_SUBSCRIPTIONS
from shared.platform.standings import STANDING_SUBSCRIPTIONS
from shared.platform.work import Work

SUBSCRIPTIONS: Mapping[type, Callable[[Work, Any], None]] = {
    **ROSTER_SUBSCRIPTIONS,
    **SESSION_SUBSCRIPTIONS,
    **STANDING_SUBSCRIPTIONS,
    **EMERGENCY_SUBSCRIPTIONS,
    **OWN,
}
