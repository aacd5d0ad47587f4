"""Python's collector of cycles, told what a server knows: what is there once it has started stays."""

from __future__ import annotations

import gc

NEW_OBJECTS = 20_000
"""So many more objects made than freed begin a collection; Python's own 700 begins several per execution."""


def settle() -> None:
    """Leave what exists now out of all collections to come. Call once, when everything is imported.

    A full collection looks at every object there is: some 300,000 of modules and models, half a second in which no
    other thread runs (https://docs.python.org/3/library/gc.html#gc.freeze).
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(NEW_OBJECTS, 20, 20)
