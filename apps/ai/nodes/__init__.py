"""Node types of agents, their tools and their memories."""
