"""What processes say on standard error: one readable line per record, or one JSON object with LOG_FORMAT=json."""

from __future__ import annotations

import logging
import re
from typing import Any

import structlog
from django.core.exceptions import ImproperlyConfigured

from apps.core.redaction import NoSecrets
from apps.core.telemetry import trace

_TOKENS = re.compile(r"(/(?:i|enter|join|callbacks)/)[^/\s\"'?]+")
_KEYS = re.compile(r"\baf_[A-Za-z0-9]{8}_[A-Za-z0-9_-]+")


_BREAKS = re.compile(r"[\x00-\x08\x0a-\x1f\x7f\x85\u2028\u2029]")


class WithoutTokens(logging.Filter):
    """Hides what opens a door by itself: one-time links and API keys never reach a log. What others wrote stays on the
    line of its record, so that nobody can add records of their own.
    """

    def filter(self, record: logging.LogRecord) -> bool:
        """Keep every record; replace its text when it holds a token, and control characters in what it quotes."""
        if isinstance(record.args, tuple):
            record.args = tuple(_on_one_line(value) for value in record.args)
        text = record.getMessage()
        clean = without_tokens(text)
        if clean != text:
            record.msg, record.args = clean, None
        return True


class WithTrace(logging.Filter):
    """Says to what a record belongs: the trace of its request, the execution, the node."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Keep every record; `trace_labels` is what is known, `trace` the same as a text to append."""
        record.trace_labels = found = trace.labels()
        record.trace = "".join(f" {name}={value}" for name, value in found.items())
        return True


def _named(logger: Any, name: str, event: dict[str, Any]) -> dict[str, Any]:
    """The labels as members of their own."""
    record = event.get("_record")
    return {**event, **(getattr(record, "trace_labels", None) or trace.labels())}


def without_tokens(value: Any) -> Any:
    """A text, or all texts of a report made of dicts and lists, with one-time links and API keys hidden."""
    if isinstance(value, str):
        return _KEYS.sub("af_…", _TOKENS.sub(r"\1…", value))
    if isinstance(value, dict):
        return {key: without_tokens(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [without_tokens(inner) for inner in value]
    return value


def for_sentry(event: Any, hint: Any) -> Any:
    """A report without tokens, found by the trace, the execution and the node it belongs to."""
    return without_tokens(event | {"tags": {**(event.get("tags") or {}), **trace.labels()}})


def _on_one_line(value: object) -> object:
    return _BREAKS.sub(lambda found: repr(found[0])[1:-1], value) if isinstance(value, str) else value


def logging_for(*, level: str, shape: str) -> dict[str, Any]:
    """Django's LOGGING for a level and a shape (`text` or `json`). Tracebacks stay readable in both."""
    if shape not in ("text", "json"):
        raise ImproperlyConfigured(f"LOG_FORMAT={shape!r} must be text or json.")
    if level.upper() not in logging.getLevelNamesMapping():
        raise ImproperlyConfigured(f"LOG_LEVEL={level!r} must be DEBUG, INFO, WARNING or ERROR.")
    before: list[Any] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        _named,
    ]
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "filters": {"secrets": {"()": NoSecrets}, "tokens": {"()": WithoutTokens}, "trace": {"()": WithTrace}},
        "formatters": {
            "text": {"format": "%(asctime)s %(levelname)-7s %(name)s: %(message)s%(trace)s", "datefmt": "%H:%M:%S"},
            "json": {
                "()": structlog.stdlib.ProcessorFormatter,
                "foreign_pre_chain": before,
                "processors": [
                    structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                    structlog.processors.format_exc_info,
                    structlog.processors.JSONRenderer(),
                ],
            },
        },
        "handlers": {
            "stderr": {"class": "logging.StreamHandler", "formatter": shape, "filters": ["secrets", "tokens", "trace"]},
        },
        "root": {"handlers": ["stderr"], "level": level.upper()},
        "loggers": {
            "django": {"handlers": [], "propagate": True},
            "django.server": {"handlers": [], "propagate": True},
            # A refused request is the caller's affair and already answered; only faults of the product are logged.
            "django.request": {"level": "ERROR"},
            "django.security.DisallowedHost": {"level": "CRITICAL"},
            # Every request, call and end of an execution: for machines that collect lines, too much for people.
            "agentflow.access": {"level": "INFO" if shape == "json" else "WARNING"},
            "daphne": {"level": "WARNING"},
            "httpx2": {"level": "WARNING"},  # whole addresses, which may hold what is nobody's business
            "mcp": {"level": "WARNING"},
            "amqp": {"level": "WARNING"},
            "kombu": {"level": "WARNING"},
            "psycopg.pool": {"level": "WARNING"},
        },
    }
