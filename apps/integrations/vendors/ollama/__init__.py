"""Ollama: language models on one's own machines."""
