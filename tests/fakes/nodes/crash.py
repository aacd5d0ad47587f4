"""A node that ends the process it runs in."""

from __future__ import annotations

import os
import signal

from apps.nodes.contract import Context, Done, Effect, Example, Node, NodeOutput, NodeParams, NodeType, Result


class Crash(Node):
    """End the process, as a fault in native code or the kernel short of memory does."""

    type, subtype, icon = NodeType.ACTION, "TEST_CRASH", "bomb"

    class Params(NodeParams):
        really: bool = True
        """Whether to do it."""

    class Output(NodeOutput):
        """The input."""

    examples = (Example("Not really", params={"really": False}, input=1, returns=1),)

    def effect(self, params: Params) -> Effect:
        """It may run again."""
        return Effect.READ

    def run(self, params: Params, ctx: Context) -> Result:
        """No word of farewell."""
        if params.really:
            os.kill(os.getpid(), signal.SIGKILL)
        return Done(ctx.json)
