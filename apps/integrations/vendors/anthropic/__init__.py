"""Anthropic: its models."""
