"""The settings mypy reads models from: those of the tests, without any server running."""

import os

os.environ.setdefault("DATABASE_URL", "postgresql://nobody@/nothing?host=/nonexistent")
os.environ.setdefault("REDIS_URL", "unix:///nonexistent?db=0")

from config.settings.test import *  # noqa: F403
