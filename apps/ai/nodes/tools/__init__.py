"""TOOL nodes: what the model of an agent may call."""
