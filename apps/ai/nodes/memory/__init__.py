"""MEMORY nodes: what an agent remembers."""
