"""Together AI: open models."""
