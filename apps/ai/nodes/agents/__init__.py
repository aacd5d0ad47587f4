"""AI_AGENT nodes: one per kind of provider."""
