"""Node types that only tests need: set NODE_PACKAGES=tests.fakes.nodes to have them."""
