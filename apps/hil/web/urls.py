"""Pages under `/w/<workspace>/`."""

from __future__ import annotations

from django.urls import path

from apps.hil.web import bulk_views, channel_views, settings_views, views

urlpatterns = [
    path("inbox/", views.Inbox.as_view(), name="inbox"),
    path("inbox/list/", views.InboxList.as_view(), name="inbox-list"),
    path("inbox/count/", views.InboxCount.as_view(), name="inbox-count"),
    path("inbox/bulk/", bulk_views.Bulk.as_view(), name="inbox-bulk"),
    path("inbox/times/", bulk_views.ResponseTimes.as_view(), name="inbox-times"),
    path("inbox/record.<slug:form>", bulk_views.Record.as_view(), name="inbox-record"),
    path("inbox/<uuid:interaction>/", views.OneQuestion.as_view(), name="interaction"),
    path("inbox/<uuid:interaction>/standing/", views.Standing.as_view(), name="interaction-standing"),
    path("inbox/<uuid:interaction>/link/", views.NewLink.as_view(), name="interaction-link"),
    path("inbox/<uuid:interaction>/delegate/", views.HandOn.as_view(), name="interaction-delegate"),
    path("inbox/<uuid:interaction>/withdraw/", views.Withdrawal.as_view(), name="interaction-withdraw"),
    path("settings/channels/", channel_views.Channels.as_view(), name="channels"),
    path("settings/channels/<slug:kind>/", channel_views.ChannelSave.as_view(), name="channel-save"),
    path("settings/channels/<slug:kind>/test/", channel_views.ChannelTest.as_view(), name="channel-test"),
    path("settings/working-hours/", settings_views.WorkingHours.as_view(), name="working-hours"),
    path("settings/away/", settings_views.Away.as_view(), name="away"),
    path("settings/away/<uuid:absence>/end/", settings_views.Back.as_view(), name="away-end"),
]
