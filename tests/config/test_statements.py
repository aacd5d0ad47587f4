"""Web processes let the database stop what takes too long; others take their time."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import OperationalError, connection, connections

from apps.core.api.errors import as_domain_error
from config.statements import bound_statements

pytestmark = pytest.mark.integration


def timeout_of(alias: str) -> str:
    with connections[alias].cursor() as cursor:
        cursor.execute("SHOW statement_timeout")
        found: str = cursor.fetchone()[0]
    return found


def test_a_web_process_has_a_limit_and_says_what_was_stopped(committed_db: None, settings: Any) -> None:
    options = connection.settings_dict["OPTIONS"]
    usual = options["options"]
    options["options"] = "-c role=agentflow_app"  # as in a process that is no web process
    settings.WEB_STATEMENT_SECONDS = 1
    connection.close()
    try:
        assert timeout_of("default") == "0"
        bound_statements()
        bound_statements()  # twice is once
        connection.close()
        assert timeout_of("default") == "1s"
        assert timeout_of("owner") == "0"
        with pytest.raises(OperationalError) as stopped, connection.cursor() as cursor:
            cursor.execute("SELECT pg_sleep(5)")
        refused = as_domain_error(stopped.value)
        assert refused is not None
        assert (refused.code, refused.status) == ("core.too_slow", 503)
    finally:
        options["options"] = usual
        connections.close_all()
