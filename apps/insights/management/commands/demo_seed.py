"""`manage.py demo_seed`."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand

from apps.core import clock
from apps.insights.demo.services import SLUG, demo_seed


class Command(BaseCommand):
    """Make the demo workspace if there is none."""

    help = "Make the demo workspace with three workflows that need no key. Does nothing where it exists already."

    def handle(self, *args: Any, **options: Any) -> None:
        """One service call."""
        if not settings.DEMO_ENABLED:
            self.stdout.write("The demo is for the local shape (AGENTFLOW_DEMO); nothing was made.")
        elif demo_seed(now=clock.now()):
            self.stdout.write(f"Made the workspace {SLUG}.")
