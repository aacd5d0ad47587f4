"""Changed expressions, good and hostile ones, over all kinds of data: a value or our error, soon and small."""

from __future__ import annotations

import json
import time
import tracemalloc
from collections import Counter
from pathlib import Path
from typing import Final

import pytest

from apps.nodes.expressions import ExprError, Json, Scope, compile_template
from tests.fuzzing import SEED, cases
from tests.nodes.expressions.mutating import Mutator

pytestmark = pytest.mark.fuzz

UNEXPLAINED: Final = "this expression cannot be evaluated with these values"
PROMISED_SECONDS: Final = 0.25
PROMISED_BYTES: Final = 64 * 1024 * 1024


def refusal(text: str, data: Json) -> ExprError | None:
    """Evaluate a text over data: None when a JSON value came out, else the error, the only one there may be."""
    scope = Scope(json=data, input={"main": data}, node={"a": data}, vars={"x": "1"}, item=data, index=0)
    try:
        json.dumps(compile_template(text).evaluate(scope), allow_nan=False)
    except ExprError as error:
        return error
    return None


def test_whatever_is_written_ends_well(tmp_path: Path) -> None:
    canary = tmp_path / "canary"
    canary.write_text("alive")
    mutator = Mutator(SEED)
    outcomes: Counter[str] = Counter()
    slowest, largest = (0.0, ""), (0, "")
    for number in range(cases(500, 50_000)):
        text, data = "{{ " + mutator.text() + " }}", mutator.data()
        started = time.thread_time()
        error = refusal(text, data)
        slowest = max(slowest, (time.thread_time() - started, text))
        outcomes["refused" if error else "given"] += 1
        if error:
            assert error.message != UNEXPLAINED, (text, error.hint)
            assert error.column, text
        if number % 4 == 0:  # again, weighed, which takes much longer
            tracemalloc.start()
            refusal(text, data)
            largest = max(largest, (tracemalloc.get_traced_memory()[1], text))
            tracemalloc.stop()
    print(f"seed {SEED}: {dict(outcomes)}, slowest {slowest[0] * 1000:.0f} ms, largest {largest[0] / 2**20:.0f} MB")
    assert outcomes["given"] > 0.1 * outcomes.total()
    assert slowest[0] < PROMISED_SECONDS * 3, slowest  # a busy machine is slower than the one it was measured on
    assert largest[0] < PROMISED_BYTES, largest
    assert canary.read_text() == "alive"
