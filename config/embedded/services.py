"""The door to the embedded services: `attach()` before anything that needs the database or the broker."""

from __future__ import annotations

import atexit
import os
from dataclasses import dataclass, field
from pathlib import Path

from config.embedded.account import account_for
from config.embedded.errors import EmbeddedError
from config.embedded.postgres import Postgres
from config.embedded.server import Server
from config.embedded.valkey import Valkey

REPOSITORY = Path(__file__).resolve().parents[2]


@dataclass
class Services:
    """What `attach` brought up or adopted, and the environment that leads there."""

    servers: list[Server] = field(default_factory=list)
    environment: dict[str, str] = field(default_factory=dict)

    def close(self) -> None:
        """Let go of the servers; those nobody else uses are stopped. Harmless when done twice."""
        while self.servers:
            self.servers.pop().release()


def var_directory() -> Path:
    """Where this installation keeps what is its own: AGENTFLOW_VAR, or `var/` beside manage.py. Made if missing."""
    var = Path(os.environ.get("AGENTFLOW_VAR") or REPOSITORY / "var").absolute()
    try:
        var.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise EmbeddedError(
            f"{var} cannot be made: {error.strerror}.", "Set AGENTFLOW_VAR to another folder."
        ) from None
    return var


def attach(var: Path | None = None) -> Services:
    """Start or adopt PostgreSQL and Valkey, except what the environment already names.

    Sets DATABASE_URL, DATABASE_OWNER_URL, REDIS_URL and CELERY_BROKER_URL in `os.environ` where not
    given; a given DATABASE_URL or REDIS_URL replaces the embedded server. The servers are let go at
    exit, or by `close()`. Raises EmbeddedError.
    """
    services = Services()
    wants_postgres, wants_valkey = not os.environ.get("DATABASE_URL"), not os.environ.get("REDIS_URL")
    if wants_postgres or wants_valkey:
        var = var or var_directory()
        account = account_for(var)
        atexit.register(services.close)
        try:
            if wants_valkey:
                valkey = Valkey(var, account)
                valkey.attach()
                services.servers.append(valkey)
                services.environment["REDIS_URL"] = valkey.redis_url
                if not os.environ.get("CELERY_BROKER_URL"):
                    services.environment["CELERY_BROKER_URL"] = valkey.celery_url
            if wants_postgres:
                postgres = Postgres(var, account)
                postgres.attach()
                services.servers.append(postgres)
                services.environment["DATABASE_URL"] = postgres.url("agentflow_app")
                services.environment["DATABASE_OWNER_URL"] = postgres.url("agentflow_owner")
        except BaseException:
            services.close()
            raise
    os.environ.update(services.environment)
    return services
