"""Keys are exchanged while everything goes on: in a file, and in Vault."""

from __future__ import annotations

import io
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from django.db import connection

from apps.core.tenancy import tenant
from apps.integrations import services
from apps.integrations.errors import CannotOpen, KeysAway
from apps.integrations.models import Credential, DataKey
from apps.integrations.vault import local, sealing
from apps.integrations.vault.keeper import keeper
from tests.cast import Cast
from tests.fakes.transit import Transit, transit

SECRET = "tok-0123456789abcdef"


@pytest.fixture(autouse=True)
def fresh_keeper() -> Iterator[None]:
    keeper.cache_clear()
    sealing.forget_keys()
    yield
    keeper.cache_clear()
    sealing.forget_keys()


def create(cast: Cast, name: str) -> Credential:
    return services.credential_create(
        workspace_id=cast.workspace.id,
        actor=cast.owner,
        name=name,
        type="bearer",
        fields={"token": SECRET + name},
        allow_unverified=True,
    )


def token_of(cast: Cast, row: Credential) -> str:
    return str(services.credential_values(workspace_id=cast.workspace.id, credential_id=row.id)["token"])


def wrapped_by(cast: Cast) -> list[str]:
    with tenant(cast.workspace.id):
        return list(DataKey.objects.filter(retired_at=None).values_list("wrapped_by", flat=True))


def test_an_old_key_still_decrypts_until_it_is_rotated_away(cast: Cast, settings: Any) -> None:
    old, new = local.fresh_key(), local.fresh_key()
    settings.CREDENTIAL_KEYS = [old]
    made = create(cast, "a")
    settings.CREDENTIAL_KEYS = [new, old]
    sealing.forget_keys()
    assert token_of(cast, made) == SECRET + "a"
    assert services.keys_rotate().keys == 1
    assert wrapped_by(cast) == [next(iter(local.parsed([new])))]
    assert services.keys_rotate().keys == 0
    settings.CREDENTIAL_KEYS = [new]
    keeper.cache_clear()
    sealing.forget_keys()
    assert token_of(cast, made) == SECRET + "a"
    settings.CREDENTIAL_KEYS = [old]
    keeper.cache_clear()
    sealing.forget_keys()
    with pytest.raises(CannotOpen):
        token_of(cast, made)


def test_every_secret_can_be_encrypted_anew(cast: Cast) -> None:
    rows = [create(cast, name) for name in "abc"]
    with tenant(cast.workspace.id):
        before = {row.id: bytes(row.sealed) for row in Credential.objects.all()}
    done = services.data_keys_rotate()
    assert (done.secrets, done.workspaces) == (3, 1)
    with tenant(cast.workspace.id):
        after = {row.id: bytes(row.sealed) for row in Credential.objects.all()}
        assert DataKey.objects.filter(retired_at=None).count() == 1
    assert all(sealing.key_of(after[each]) != sealing.key_of(before[each]) for each in before)
    sealing.forget_keys()
    assert [token_of(cast, row) for row in rows] == [SECRET + name for name in "abc"]


@pytest.mark.usefixtures("committed_db")
@pytest.mark.integration
def test_rotation_goes_unnoticed_by_those_who_use_credentials(cast: Cast, settings: Any, tmp_path: Path) -> None:
    path = tmp_path / "keys"
    path.write_text(local.fresh_key())
    settings.CREDENTIAL_KEYS_FILE = str(path)
    rows = [create(cast, f"row {at}") for at in range(4)]
    stop, uses = threading.Event(), [0]
    failures: list[Exception] = []

    def work(row: Credential) -> None:
        try:
            while not stop.is_set():
                sealing.forget_keys()  # as in a process that has just started
                if token_of(cast, row) != SECRET + row.name:
                    failures.append(AssertionError("another secret"))
                services.credential_update(
                    workspace_id=cast.workspace.id,
                    credential_id=row.id,
                    actor=cast.owner,
                    fields={"token": SECRET + row.name},
                    allow_unverified=True,
                )
                uses[0] += 1
        except Exception as failed:
            failures.append(failed)
        finally:
            connection.close()

    threads = [threading.Thread(target=work, args=(row,)) for row in rows]
    for thread in threads:
        thread.start()
    for _ in range(5):
        call_command("credential_keys_rotate", "--new", "--secrets", stdout=io.StringIO())
    stop.set()
    for thread in threads:
        thread.join()
    assert failures == []
    assert uses[0] > len(rows)
    newest = path.read_text().split()
    assert len(newest) == 6
    assert (path.stat().st_mode & 0o777) == 0o600
    path.write_text(newest[0])  # nothing needs the old keys any more
    keeper.cache_clear()
    sealing.forget_keys()
    with tenant(cast.workspace.id):
        assert set(DataKey.objects.values_list("wrapped_by", flat=True)) == set(local.parsed(newest[:1]))
    assert [token_of(cast, row) for row in rows] == [SECRET + row.name for row in rows]


def test_the_command_prints_a_key_and_refuses_what_it_cannot_change(settings: Any) -> None:
    out = io.StringIO()
    call_command("credential_keys_rotate", "--generate", stdout=out)
    assert len(local.parsed([out.getvalue().strip()])) == 1


# ── Vault ────────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.fixture
def vault(settings: Any) -> Iterator[Transit]:
    with transit() as found:
        settings.CREDENTIAL_KEEPER = "apps.integrations.vault.transit.TransitKeeper"
        settings.VAULT_ADDR, settings.VAULT_TOKEN = found.url, found.token
        yield found


def test_vault_keeps_the_key_and_is_asked_once_per_process(cast: Cast, vault: Transit) -> None:
    made = create(cast, "a")
    assert wrapped_by(cast) == ["vault:agentflow:v1"]
    sealing.forget_keys()
    for _ in range(3):
        assert token_of(cast, made) == SECRET + "a"
    assert [each.split("/")[0] for each in vault.asked] == ["POST encrypt", "POST decrypt", "POST decrypt"][
        : len(vault.asked)
    ]
    assert sum("decrypt" in each for each in vault.asked) <= 2


def test_a_key_wrapped_for_another_workspace_is_refused_by_vault(cast: Cast, vault: Transit) -> None:
    create(cast, "a")
    with tenant(cast.workspace.id):
        row = DataKey.objects.get()
    wrapped = type(keeper().wrap(b"x" * 32, b"there"))(bytes(row.wrapped), row.wrapped_by)
    assert len(keeper().unwrap(wrapped, sealing.about(cast.workspace.id, row.id))) == 32
    with pytest.raises(CannotOpen):
        keeper().unwrap(wrapped, sealing.about(cast.other_workspace.id, row.id))


def test_vaults_key_is_rotated_and_ours_follow(cast: Cast, vault: Transit) -> None:
    made = create(cast, "a")
    vault.rotate()
    assert services.keys_rotate().keys == 1
    assert wrapped_by(cast) == ["vault:agentflow:v2"]
    sealing.forget_keys()
    assert token_of(cast, made) == SECRET + "a"


def test_a_vault_that_is_away_is_a_clear_refusal_and_its_token_is_not_told(
    cast: Cast, vault: Transit, settings: Any, tmp_path: Path
) -> None:
    made = create(cast, "a")
    sealing.forget_keys()
    vault.is_sealed = True
    with pytest.raises(KeysAway, match="503") as away:
        token_of(cast, made)
    assert vault.token not in str(away.value)
    vault.is_sealed = False
    token = tmp_path / "token"
    token.write_text("hvs.an-old-one")
    settings.VAULT_TOKEN_FILE = str(token)
    keeper.cache_clear()
    with pytest.raises(KeysAway, match="403"):
        token_of(cast, made)
    token.write_text(vault.token)  # an agent has renewed it
    assert token_of(cast, made) == SECRET + "a"
