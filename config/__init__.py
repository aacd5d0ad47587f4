"""The composition root: mount points only. Imports nothing, since config.embedded runs before anything is installed."""
