"""Every row of the table, in its order."""

from __future__ import annotations

from collections.abc import Sequence

from tests.chaos.scenario import Scenario
from tests.chaos.scenarios.r00_everything import Everything
from tests.chaos.scenarios.r01_kills import WorkersKilled
from tests.chaos.scenarios.r02_database import DatabaseCrashes
from tests.chaos.scenarios.r03_broker import BrokerAway
from tests.chaos.scenarios.r04_wakeups import WakeUpsLost
from tests.chaos.scenarios.r05_waiting import ManyWait
from tests.chaos.scenarios.r06_answers import AnswersRace
from tests.chaos.scenarios.r07_deliveries import WebKilled
from tests.chaos.scenarios.r08_effects import EffectsUnderKills
from tests.chaos.scenarios.r09_webhooks import OutgoingWebhooks
from tests.chaos.scenarios.r10_poison import PoisonNode
from tests.chaos.scenarios.r11_schedules import Schedules
from tests.chaos.scenarios.r12_deployment import Deployment
from tests.chaos.scenarios.r13_limits import LimitsHold
from tests.chaos.scenarios.r14_clocks import ClocksWrong
from tests.chaos.scenarios.r15_model import StateMachine
from tests.chaos.scenarios.r16_json import JsonHorrors
from tests.chaos.scenarios.r18_restore import DumpAndRestore
from tests.chaos.scenarios.r19_agent import AgentKilled

ALL: Sequence[Scenario] = (
    Everything(),
    WorkersKilled(),
    DatabaseCrashes(),
    BrokerAway(),
    WakeUpsLost(),
    ManyWait(),
    AnswersRace(),
    WebKilled(),
    EffectsUnderKills(),
    OutgoingWebhooks(),
    PoisonNode(),
    Schedules(),
    Deployment(),
    LimitsHold(),
    ClocksWrong(),
    StateMachine(),
    JsonHorrors(),
    DumpAndRestore(),
    AgentKilled(),
)
