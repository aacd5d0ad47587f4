"""Groq: open models, fast."""
