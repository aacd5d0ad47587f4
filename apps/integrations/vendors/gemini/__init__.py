"""Google Gemini: its models."""
