"""Slack: everything this product knows about it."""
