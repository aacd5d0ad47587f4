"""Node types that a world has beside the product's own, by NODE_PACKAGES."""
