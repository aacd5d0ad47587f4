"""How many random inputs a test draws, and from which seed.

`make test` draws few, always the same ones, so that its outcome and its time do not change from run to run. `make fuzz`
draws many, other ones each time, and says its seed: AGENTFLOW_FUZZ_SEED repeats it. AGENTFLOW_FUZZ=<number> instead of
`full` draws that many times the few. A test that uses this carries the marker `fuzz`.
"""

from __future__ import annotations

import os
from typing import Final

_MODE: Final = os.environ.get("AGENTFLOW_FUZZ", "")
SEED: Final = int(os.environ.get("AGENTFLOW_FUZZ_SEED") or 7)
"""What every generator begins with."""
IS_SAME_EACH_TIME: Final = not _MODE
"""For Hypothesis: `settings(derandomize=IS_SAME_EACH_TIME)`."""


def cases(few: int, many: int) -> int:
    """How many inputs to draw: `few` in the suite, `many` by `make fuzz`."""
    if _MODE == "full":
        return many
    return few * int(_MODE) if _MODE else few
