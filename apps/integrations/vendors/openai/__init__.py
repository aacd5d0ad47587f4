"""OpenAI: its models."""
