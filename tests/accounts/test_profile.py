"""What people say of themselves, and how they go."""

from __future__ import annotations

import pytest
from allauth.account.models import EmailAddress
from allauth.usersessions.models import UserSession
from django.test import Client

from apps.accounts import preferences, selectors, services
from apps.accounts.errors import LastOwner, PictureRefused
from apps.accounts.models import AuditEvent, Picture, User
from apps.accounts.notices import KINDS, wants
from apps.accounts.services.accounts import account_delete
from apps.core.errors import Invalid
from apps.core.tenancy import tenant
from tests.accounts.test_pictures import png
from tests.cast import PASSWORD, Cast


def signed_in(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


class TestProfile:
    @pytest.mark.parametrize(
        "given",
        [{"timezone": "Mars/Olympus"}, {"timezone": "../etc/passwd"}, {"theme": "pink"}, {"hue": 6}, {"hue": -2}],
    )
    def test_what_does_not_exist_is_refused(self, cast: Cast, given: dict[str, object]) -> None:
        with pytest.raises(Invalid):
            services.profile_update(user=cast.bob, **given)  # type: ignore[arg-type]

    def test_times_are_shown_in_the_zone_one_chose(self, cast: Cast) -> None:
        services.profile_update(user=cast.bob, timezone="Asia/Kolkata")
        page = signed_in(cast.bob).get("/w/acme/settings/members/").content.decode()
        assert 'data-zone="Asia/Kolkata"' in page
        assert " IST" in page
        assert " UTC" in signed_in(cast.alice).get("/w/acme/settings/members/").content.decode()

    def test_a_theme_is_for_all_browsers(self, cast: Cast) -> None:
        client = signed_in(cast.bob)
        client.post("/w/acme/settings/profile/", {"name": "Bob", "timezone": "", "theme": "dark"})
        assert b'data-theme-wanted="dark"' in client.get("/w/acme/settings/profile/").content


class TestPicture:
    def test_it_is_shown_to_colleagues_as_a_download_and_to_nobody_else(self, cast: Cast) -> None:
        services.picture_set(user=cast.bob, content=png(4, 4, (b"tEXt", b"SECRET")))
        path = f"/w/acme/people/{cast.bob.id}/picture/{cast.bob.picture}/"
        assert path in signed_in(cast.alice).get("/w/acme/settings/members/").content.decode()
        response = signed_in(cast.alice).get(path)
        assert response["Content-Type"] == "image/png"
        assert response["Content-Disposition"].startswith("attachment")
        assert response["X-Content-Type-Options"] == "nosniff"
        assert "default-src 'none'" in response["Content-Security-Policy"]
        assert b"SECRET" not in response.content
        assert signed_in(cast.charlie).get(path).status_code == 404
        assert signed_in(cast.charlie).get(path.replace("acme", "umbrella")).status_code == 404

    def test_what_is_none_is_refused_and_nothing_changes(self, cast: Cast) -> None:
        services.picture_set(user=cast.bob, content=png())
        with pytest.raises(PictureRefused):
            services.picture_set(user=cast.bob, content=b"<svg onload=alert(1)>")
        assert Picture.objects.get(user=cast.bob).media_type == "image/png"
        services.picture_remove(user=cast.bob)
        assert not Picture.objects.exists()


class TestPreferences:
    def test_only_what_differs_is_kept(self, cast: Cast) -> None:
        kind = next(iter(preferences.table({})))
        usual = preferences.table({})[kind]["mail"]
        services.profile_update(user=cast.bob, notices={kind: {"mail": not usual}})
        assert cast.bob.preferences["notices"] == {kind: {"mail": not usual}}
        assert wants(cast.bob.preferences, kind, "mail") is not usual
        services.profile_update(user=cast.bob, notices={kind: {"mail": usual}})
        assert cast.bob.preferences["notices"] == {}

    @pytest.mark.parametrize(
        "given", [{"no.such": {"app": True}}, {"execution.failed": {"sms": True}}, {"execution.failed": {"app": "x"}}]
    )
    def test_what_does_not_exist_is_refused(self, cast: Cast, given: dict[str, dict[str, object]]) -> None:
        with pytest.raises(Invalid):
            services.profile_update(user=cast.bob, notices=given)

    def test_the_page_keeps_what_is_ticked(self, cast: Cast) -> None:
        client = signed_in(cast.bob)
        client.post("/w/acme/settings/notifications/", {"question.asked:mail": "on"})
        cast.bob.refresh_from_db()
        table = preferences.table(cast.bob.preferences)
        assert table["question.asked"] == {"app": False, "mail": True}
        assert table["execution.failed"] == {"app": False, "mail": False}


class TestSessions:
    def test_one_signs_out_elsewhere_and_stays_here(self, cast: Cast) -> None:
        here, there = signed_in(cast.bob), signed_in(cast.bob)
        for client in (here, there):
            client.get("/w/acme/settings/profile/", headers={"User-Agent": "Mozilla/5.0 (X11; Linux) Firefox/140.0"})
        page = here.get("/w/acme/settings/sessions/").content.decode()
        assert page.count("Firefox on Linux") == 2 or UserSession.objects.filter(user=cast.bob).count() == 2
        here.post("/w/acme/settings/sessions/")
        assert there.get("/w/acme/settings/profile/").status_code == 302
        assert here.get("/w/acme/settings/profile/").status_code == 200

    def test_nobody_signs_out_somebody_else(self, cast: Cast) -> None:
        alice, bob = signed_in(cast.alice), signed_in(cast.bob)
        for client in (alice, bob):
            client.get("/w/acme/settings/sessions/")
        row = UserSession.objects.get(user=cast.alice)
        for session in (str(row.pk), "x", "9" * 30):
            bob.post("/w/acme/settings/sessions/", {"session": session})
        assert alice.get("/w/acme/settings/profile/").status_code == 200


class TestGoing:
    def test_nothing_stays_that_says_who_it_was(self, cast: Cast) -> None:
        services.picture_set(user=cast.bob, content=png())
        EmailAddress.objects.create(user=cast.bob, email="bob@example.com", primary=True)
        client = signed_in(cast.bob)
        assert client.post("/w/acme/settings/profile/delete/", {"confirmation": "bob"}).status_code == 302
        assert User.objects.get(id=cast.bob.id).is_active
        client.post("/w/acme/settings/profile/delete/", {"confirmation": "BOB@example.com"})
        gone = User.objects.get(id=cast.bob.id)
        assert (gone.name, gone.is_active, gone.has_usable_password()) == ("", False, False)
        assert gone.email.endswith("@deleted.invalid")
        assert not Picture.objects.exists()
        assert not EmailAddress.objects.filter(user=cast.bob).exists()
        assert selectors.homes_of(cast.bob.id) == []
        assert client.get("/w/acme/").status_code == 302
        with tenant(cast.workspace.id):
            assert AuditEvent.objects.get(action="member.left").target == "bob@example.com"
        User.objects.create_user("bob@example.com", PASSWORD)  # and the address is free again

    def test_a_last_owner_hands_over_first(self, cast: Cast) -> None:
        services.workspace_create(name="Other", owner=cast.bob)
        with pytest.raises(LastOwner, match="Other"):
            account_delete(user=cast.bob)
        cast.bob.refresh_from_db()
        assert cast.bob.is_active
        assert len(selectors.homes_of(cast.bob.id)) == 2


def test_a_tour_is_remembered_beside_what_one_wants_to_be_told(cast: Cast) -> None:
    services.profile_update(user=cast.alice, notices={next(iter(KINDS)): {"mail": False}})
    told = services.tour_seen(user=cast.alice, tour="editor")
    assert told.preferences["tours"] == {"editor": True}
    assert "notices" in told.preferences
    again = services.profile_update(user=told, notices={next(iter(KINDS)): {"mail": True}})
    assert again.preferences["tours"] == {"editor": True}
    with pytest.raises(Invalid):
        services.tour_seen(user=cast.alice, tour="nowhere")
