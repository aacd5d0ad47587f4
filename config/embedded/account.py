"""Who the embedded servers run as.

PostgreSQL refuses to run as root. An ordinary user runs the servers as themselves; root hands them
to an unprivileged account, which must then be able to reach the servers' binaries and data.
"""

from __future__ import annotations

import hashlib
import os
import pwd
import shutil
import stat
import subprocess
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from typing import TypedDict

from config.embedded.errors import EmbeddedError

SHELTER = Path("/var/lib/agentflow")
"""Where root keeps what the unprivileged account could not reach below a private folder such as /root."""


class Identity(TypedDict, total=False):
    """The arguments of `subprocess.Popen` that change the user of a child."""

    user: int
    group: int
    extra_groups: list[int]


@dataclass(frozen=True)
class Account:
    """A user and group id, and whether we must change to it."""

    uid: int
    gid: int
    is_dropped_to: bool

    @property
    def identity(self) -> Identity:
        """Arguments for `subprocess.Popen` that start a child as this account."""
        return {"user": self.uid, "group": self.gid, "extra_groups": []} if self.is_dropped_to else {}

    def owns(self, path: Path) -> None:
        """Make this account the owner of `path`, where that is not so already."""
        if self.is_dropped_to and path.lstat().st_uid != self.uid:
            os.chown(path, self.uid, self.gid, follow_symlinks=False)

    def can_reach(self, path: Path) -> bool:
        """Whether this account can go to `path`, asked by going there as that account."""
        if not self.is_dropped_to:
            return os.access(path, os.R_OK)
        probe = subprocess.run(["test", "-r", str(path)], cwd="/", check=False, **self.identity)
        return probe.returncode == 0


def account_for(directory: Path) -> Account:
    """The account that runs the servers whose data is kept in `directory`.

    Ourselves, unless we are root: then the owner of the folder, and `nobody` where that is root too.
    Raises EmbeddedError when the folder belongs to another user, since two users cannot share one.
    """
    owner = directory.stat().st_uid
    if os.geteuid() == 0:
        try:
            entry = pwd.getpwuid(owner) if owner else pwd.getpwnam("nobody")
        except KeyError:
            raise EmbeddedError(
                f"PostgreSQL cannot run as root, and this machine has no account for user id {owner or 'nobody'}.",
                "Run AgentFlow as an ordinary user, or set DATABASE_URL and REDIS_URL to servers of your own.",
            ) from None
        return Account(entry.pw_uid, entry.pw_gid, is_dropped_to=True)
    if owner != os.geteuid():
        raise EmbeddedError(
            f"{directory} belongs to another user (id {owner}, you are {os.geteuid()}).",
            "Run AgentFlow as that user, or set AGENTFLOW_VAR to a folder of your own.",
        )
    return Account(os.geteuid(), os.getegid(), is_dropped_to=False)


def home_of(name: str, var: Path, account: Account) -> Path:
    """The private folder of the server called `name`: `var/<name>`, or a place outside linked from there.

    Outside only when root keeps `var` where the unprivileged account cannot go.
    """
    link = var / name
    if link.is_symlink():
        home = link.resolve()
        home.mkdir(mode=0o700, parents=True, exist_ok=True)
    else:
        home = link
        home.mkdir(mode=0o700, exist_ok=True)
    account.owns(home)
    if account.can_reach(home):
        return home
    if any(home.iterdir()):
        raise EmbeddedError(
            f"The account that runs {name} (user id {account.uid}) cannot reach {home}.",
            "Let it pass through the folders above (chmod o+x), or run AgentFlow as an ordinary user.",
        )
    shelter = SHELTER / _short_hash(str(var)) / name
    shelter.parent.mkdir(mode=0o755, parents=True, exist_ok=True)
    shelter.mkdir(mode=0o700, exist_ok=True)
    account.owns(shelter)
    home.rmdir()
    link.symlink_to(shelter)
    return shelter


def reachable_binaries(root: Path, parts: tuple[str, ...], package: str, account: Account) -> Path:
    """A folder with `parts` of `root` in their relative places that `account` can execute.

    `root` itself where that is so, else a copy kept under SHELTER, made once per version of the `package`.
    """
    if all(account.can_reach(root / part) for part in parts):
        return root
    target = SHELTER / "binaries" / f"{package}-{metadata.version(package)}"
    if target.is_dir():
        return target
    target.parent.mkdir(mode=0o755, parents=True, exist_ok=True)
    fresh = target.with_name(f"{target.name}.{os.getpid()}")
    shutil.rmtree(fresh, ignore_errors=True)
    for part in parts:
        source = root / part
        (fresh / part).parent.mkdir(parents=True, exist_ok=True)
        if source.is_dir():
            shutil.copytree(source, fresh / part, symlinks=True, ignore=shutil.ignore_patterns("*.a", "include"))
        else:
            shutil.copy2(source, fresh / part)
    for path in [fresh, *fresh.rglob("*")]:
        if not path.is_symlink():
            path.chmod(path.stat().st_mode | (0o055 if path.is_dir() or os.access(path, os.X_OK) else 0o044))
    try:
        fresh.rename(target)
    except OSError:  # another process was quicker
        shutil.rmtree(fresh, ignore_errors=True)
    return target


def socket_directory(home: Path, account: Account) -> Path:
    """Where a server's socket lies: a path fit for a Unix socket and for a URL.

    `<home>/run`, or a folder under /tmp named after `home` where that path is long or has odd characters.
    """
    directory = home / "run"
    plain = str(directory).replace("/", "").replace("-", "").replace("_", "").replace(".", "")
    if len(os.fsencode(directory)) > 80 or not (plain.isascii() and plain.isalnum()):
        directory = Path("/tmp") / f"agentflow-{_short_hash(f'{home}:{account.uid}')}"
    return directory


def make_private(directory: Path, account: Account) -> None:
    """Make `directory` one that only `account` (and root) can enter. Raises EmbeddedError when it is another's."""
    try:
        directory.mkdir(mode=0o700)
        account.owns(directory)
    except FileExistsError:
        pass
    status = directory.lstat()
    if not stat.S_ISDIR(status.st_mode) or status.st_uid != account.uid or status.st_mode & 0o077:
        raise EmbeddedError(
            f"{directory} should be a private folder of user id {account.uid}, and is not.",
            "Remove it, or set AGENTFLOW_VAR to a folder with a short, plain path.",
        )


def _short_hash(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:16]
