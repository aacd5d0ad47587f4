"""An agent, a tool and a memory that do nothing, until there are real ones."""

from __future__ import annotations
