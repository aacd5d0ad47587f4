"""Every row of the table, in its order."""

from __future__ import annotations

from collections.abc import Sequence

from tests.chaos.scenario import Scenario
from tests.chaos.scenarios.r00_everything import Everything
from tests.chaos.scenarios.r01_kills import WorkersKilled
from tests.chaos.scenarios.r02_database import DatabaseCrashes
from tests.chaos.scenarios.r03_broker import BrokerAway
from tests.chaos.scenarios.r04_wakeups import WakeUpsLost

ALL: Sequence[Scenario] = (Everything(), WorkersKilled(), DatabaseCrashes(), BrokerAway(), WakeUpsLost())
