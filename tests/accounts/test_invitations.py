"""Asking people in: who may, what the link is worth, and to whom."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from allauth.account.models import EmailAddress
from django.core import mail

from apps.accounts import selectors, services
from apps.accounts.access import resolve
from apps.accounts.access.resolve import member_actor
from apps.accounts.errors import AccountExists, InvitationGone, InvitationTooSoon, RoleTooHigh
from apps.accounts.models import AuditEvent, Invitation, Membership, User
from apps.accounts.services.invitations import invitation_mail, token_of
from apps.core import clock
from apps.core.errors import Invalid
from apps.core.models import Message
from apps.core.tenancy import tenant
from tests.cast import PASSWORD, Cast

DORA = "dora@example.com"


def invite(cast: Cast, *emails: str, role: str = "member", **given: Any) -> list[services.Invited]:
    return services.invitations_create(
        workspace=cast.workspace, emails=emails or (DORA,), role=role, actor=given.pop("actor", cast.owner), **given
    )


def token(cast: Cast, email: str = DORA, **given: Any) -> str:
    (each,) = invite(cast, email, **given)
    assert each.token is not None
    return each.token


def audit(cast: Cast) -> list[tuple[str, str]]:
    with tenant(cast.workspace.id):
        return list(AuditEvent.objects.order_by("id").values_list("action", "target"))


class TestAsking:
    def test_the_link_makes_an_account_though_registration_is_closed(self, cast: Cast, settings: Any) -> None:
        settings.OPEN_REGISTRATION = False
        membership = services.invitation_accept_new(token=token(cast), name=" Dora  D ", password=PASSWORD)
        user = User.objects.get(email=DORA)
        assert (membership.role, user.name, user.check_password(PASSWORD)) == ("member", "Dora D", True)
        assert membership.invited_by_id == cast.alice.id
        assert audit(cast)[-2:] == [("invitation.created", DORA), ("invitation.accepted", DORA)]

    def test_only_the_hash_is_kept(self, cast: Cast) -> None:
        secret = token(cast)
        with tenant(cast.workspace.id):
            row = Invitation.objects.get()
            assert secret not in str(vars(row)) + str(list(AuditEvent.objects.values()))
            assert row.hash == services.token_hash(secret)

    def test_it_works_once(self, cast: Cast) -> None:
        secret = token(cast)
        services.invitation_accept(token=secret, user=cast.charlie)
        for again in (cast.charlie, cast.bob):
            with pytest.raises(InvitationGone, match="accepted already"):
                services.invitation_accept(token=secret, user=again)

    def test_it_lives_a_week(self, cast: Cast) -> None:
        secret = token(cast)
        late = time_machine.travel(clock.now() + timedelta(days=7, seconds=1), tick=False)
        with late, pytest.raises(InvitationGone, match="expired"):
            services.invitation_accept(token=secret, user=cast.charlie)

    def test_many_at_once_each_in_its_own_way(self, cast: Cast) -> None:
        first = token(cast)
        found = invite(cast, DORA, "ERIN@example.com", cast.bob.email, "erin@example.com")
        assert [(each.email, each.invitation is not None) for each in found] == [
            (DORA, True),
            ("erin@example.com", True),
            ("bob@example.com", False),
        ]
        with pytest.raises(InvitationGone):  # the new link took its place
            services.invitation_find(token=first)
        with tenant(cast.workspace.id):
            assert Invitation.objects.count() == 2

    def test_one_wrong_address_and_nobody_is_asked(self, cast: Cast) -> None:
        with pytest.raises(Invalid) as refused:
            invite(cast, DORA, "erin at example")
        assert [error.path for error in refused.value.errors] == ["emails[1]"]
        with tenant(cast.workspace.id):
            assert not Invitation.objects.exists()

    def test_fifty_are_enough(self, cast: Cast) -> None:
        with pytest.raises(Invalid, match="at most 50"):
            invite(cast, *(f"p{n}@example.com" for n in range(51)))

    @pytest.mark.parametrize("role", ["owner", "admin", "king"])
    def test_nobody_gives_more_than_they_have(self, cast: Cast, role: str) -> None:
        key = services.api_key_create(
            workspace=cast.workspace, name="k", scopes=["member:manage", "workflow:read"], actor=cast.owner
        )
        with pytest.raises((RoleTooHigh, Invalid)):
            invite(cast, role=role, actor=resolve.by_key(key.secret).actor)

    def test_an_admin_neither_replaces_nor_withdraws_the_invitation_of_an_owner(self, cast: Cast) -> None:
        token(cast, role="owner")
        admin = member_actor(cast.bob, "admin")
        with tenant(cast.workspace.id):
            row = Invitation.objects.get()
        with pytest.raises(RoleTooHigh):
            invite(cast, DORA, role="viewer", actor=admin)
        with pytest.raises(RoleTooHigh):
            services.invitation_revoke(workspace=cast.workspace, invitation=row, actor=admin)


class TestAnswering:
    def test_the_link_never_opens_an_account_that_exists(self, cast: Cast) -> None:
        """Whoever invites may know the link: it would hand them charlie's account."""
        secret = token(cast, cast.charlie.email)
        with pytest.raises(AccountExists):
            services.invitation_accept_new(token=secret, name="Eve", password="another good password")
        cast.charlie.refresh_from_db()
        assert cast.charlie.check_password(PASSWORD)
        assert services.invitation_accept(token=secret, user=cast.charlie).role == "member"

    def test_another_address_is_recorded(self, cast: Cast) -> None:
        services.invitation_accept(token=token(cast), user=cast.charlie)
        with tenant(cast.workspace.id):
            event = AuditEvent.objects.get(action="invitation.accepted")
        assert (event.target, event.data["invited_as"]) == ("charlie@example.com", DORA)

    def test_a_member_stays_what_they_are(self, cast: Cast) -> None:
        assert services.invitation_accept(token=token(cast, role="viewer"), user=cast.bob).role == "member"

    def test_no_is_an_answer(self, cast: Cast) -> None:
        secret = token(cast)
        services.invitation_decline(token=secret)
        with pytest.raises(InvitationGone, match="declined"):
            services.invitation_accept(token=secret, user=cast.charlie)
        assert audit(cast)[-1] == ("invitation.declined", DORA)

    def test_a_weak_password_spends_nothing(self, cast: Cast) -> None:
        secret = token(cast)
        with pytest.raises(Invalid):
            services.invitation_accept_new(token=secret, name="", password="password")
        assert not User.objects.filter(email=DORA).exists()
        services.invitation_accept_new(token=secret, name="", password=PASSWORD)

    @pytest.mark.parametrize("guess", ["", "x", "\x00", "\ud800"])
    def test_guesses_are_refused(self, cast: Cast, guess: str) -> None:
        with pytest.raises(InvitationGone):
            services.invitation_find(token=guess)


class TestTakingBack:
    def test_withdrawn_is_over(self, cast: Cast) -> None:
        secret = token(cast)
        with tenant(cast.workspace.id):
            row = Invitation.objects.get()
        services.invitation_revoke(workspace=cast.workspace, invitation=row, actor=cast.owner)
        with pytest.raises(InvitationGone, match="withdrawn"):
            services.invitation_accept(token=secret, user=cast.charlie)
        assert token(cast)  # and the address can be asked again

    def test_sent_again_the_old_link_ends(self, cast: Cast) -> None:
        first = token(cast)
        with tenant(cast.workspace.id):
            row = Invitation.objects.get()
        with pytest.raises(InvitationTooSoon):
            services.invitation_resend(workspace=cast.workspace, invitation=row, actor=cast.owner)
        with time_machine.travel(clock.now() + timedelta(days=8), tick=False):
            again = services.invitation_resend(workspace=cast.workspace, invitation=row, actor=cast.owner)
            assert again.token not in (None, first)
            assert services.invitation_find(token=str(again.token)).email == DORA
            with pytest.raises(InvitationGone):
                services.invitation_find(token=first)

    @pytest.mark.parametrize("how", ["removed", "demoted"])
    def test_who_may_no_longer_invite_has_not_invited(self, cast: Cast, how: str) -> None:
        with tenant(cast.workspace.id):
            bob = Membership.objects.get(user=cast.bob)
        services.member_role_change(workspace=cast.workspace, membership=bob, role="admin", actor=cast.owner)
        admin = member_actor(cast.bob, "admin")
        secret, small = token(cast, role="admin", actor=admin), token(cast, "v@example.com", role="viewer", actor=admin)
        if how == "removed":
            services.member_remove(workspace=cast.workspace, membership=bob, actor=cast.owner)
        else:
            services.member_role_change(workspace=cast.workspace, membership=bob, role="member", actor=cast.owner)
        with pytest.raises(InvitationGone):
            services.invitation_find(token=secret)
        if how == "demoted":
            assert services.invitation_find(token=small).role == "viewer"


class TestMail:
    def test_the_link_goes_to_the_mailbox_and_to_nobody_else(self, cast: Cast, settings: Any) -> None:
        settings.HAS_MAIL = True
        (each,) = invite(cast, message="We begin on Monday.")
        assert each.token is None
        with tenant(cast.workspace.id):
            message = Message.objects.get(channel="invitation")
        assert each.invitation is not None
        assert token_of(each.invitation) not in str(message.data)
        assert invitation_mail(message).is_delivered
        (sent,) = mail.outbox
        assert sent.to == [DORA]
        assert "We begin on Monday." in sent.body
        found = re.search(r"/join/([\w-]+)/", str(sent.body))
        assert found
        services.invitation_accept_new(token=found[1], name="", password=PASSWORD)
        assert EmailAddress.objects.get(email=DORA).verified

    def test_without_mail_the_address_is_not_taken_for_proved(self, cast: Cast) -> None:
        services.invitation_accept_new(token=token(cast), name="", password=PASSWORD)
        assert not EmailAddress.objects.get(email=DORA).verified

    def test_no_mail_for_what_was_answered_or_sent_anew(self, cast: Cast, settings: Any) -> None:
        settings.HAS_MAIL = True
        invite(cast)
        invite(cast)
        with tenant(cast.workspace.id):
            old, new = Message.objects.order_by("id")
        assert invitation_mail(old).is_refused
        assert invitation_mail(new).is_delivered
        with tenant(cast.workspace.id):
            Invitation.objects.update(revoked_at=clock.now())
        assert invitation_mail(new).is_refused
        assert len(mail.outbox) == 1

    def test_lines_in_names_make_no_headers(self, cast: Cast, settings: Any) -> None:
        settings.HAS_MAIL = True
        cast.alice.name = "Alice\nBcc: eve@example.com"
        cast.alice.save()
        invite(cast, actor=member_actor(cast.alice, "owner"))
        with tenant(cast.workspace.id):
            assert invitation_mail(Message.objects.get(channel="invitation")).is_delivered
        assert mail.outbox[0].recipients() == [DORA]


def test_a_stranger_sees_no_invitations(cast: Cast) -> None:
    token(cast)
    with tenant(cast.other_workspace.id):
        assert not selectors.invitations(cast.workspace.id).exists()
