"""One file per credential type. A new file is a new type."""
