"""Pages under `/w/<workspace>/`."""

from __future__ import annotations

from django.urls import path

from apps.triggers.web import deliveries, replays, trials, triggers

_ONE = "triggers/<uuid:workflow>/<str:node>/"

urlpatterns = [
    path("triggers/", triggers.TriggerList.as_view(), name="triggers"),
    path(_ONE, triggers.TriggerPage.as_view(), name="trigger"),
    path(f"{_ONE}switch/", triggers.TriggerSwitch.as_view(), name="trigger-switch"),
    path(f"{_ONE}try/", triggers.TriggerTry.as_view(), name="trigger-try"),
    path(f"{_ONE}test/", trials.TriggerTest.as_view(), name="trigger-test"),
    path(f"{_ONE}test/use/", trials.TriggerUse.as_view(), name="trigger-use"),
    path("deliveries/", deliveries.DeliveryList.as_view(), name="deliveries"),
    path("deliveries/<uuid:delivery>/", deliveries.DeliveryPage.as_view(), name="delivery"),
    path("deliveries/<uuid:delivery>/replay/", deliveries.DeliveryReplay.as_view(), name="delivery-replay"),
    path("executions/<uuid:execution>/delivery/", deliveries.DeliveryLink.as_view(), name="delivery-link"),
    path("replays/", replays.ReplayList.as_view(), name="replays"),
    path("replays/new/", replays.ReplayNew.as_view(), name="replay-new"),
    path("replays/<uuid:replay>/", replays.ReplayPage.as_view(), name="replay"),
    path("replays/<uuid:replay>/cancel/", replays.ReplayCancel.as_view(), name="replay-cancel"),
]
