"""Calling another workflow."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated, Any, Literal

from pydantic import Field

from apps.nodes.contract import (
    Context,
    Done,
    Example,
    Expr,
    Json,
    Node,
    NodeError,
    NodeOutput,
    NodeParams,
    NodeType,
    Result,
    RunChild,
    Suspend,
    asked,
)

MAX_ITEMS = 10_000


class SubWorkflow(Node):
    """Run another workflow and go on with its result, or run it once per item of a list.

    What runs is the latest published version of the other workflow, from its trigger SUB_WORKFLOW (or MANUAL). Every
    run is an execution of its own, on any worker; when this one is cancelled or times out, so are they. A run that
    fails is the error of this node, which links to it. Workflows call each other at most 8 levels deep.
    """

    type, subtype, icon, name = NodeType.FLOW, "SUB_WORKFLOW", "workflow", "Run workflow"
    summary = "{workflow}"
    keywords = ("call", "execute workflow", "child", "reuse", "map", "for each", "fan-out")

    class Params(NodeParams):
        workflow: Annotated[Expr[Annotated[str, Field(min_length=1, max_length=200)]], asked(widget="workflow")]
        """The workflow to run: its id, or its name."""
        input: Expr[Json] = None
        """What it is started with. Empty: what comes in here. With `for_each`, what every item is accompanied by."""
        for_each: Annotated[
            Expr[Annotated[list[Json], Field(max_length=MAX_ITEMS)]] | None, asked("Once per item of")
        ] = None
        """A list: one run per item, which is its input; with `input` set it is `{item, index, input}`."""
        wait: Annotated[bool, asked("Wait for the result")] = True
        """Whether to wait for the result. Otherwise this goes on at once with the ids of what it started."""
        parallelism: Annotated[int, Field(ge=1, le=100), asked("At once", group="More")] = 10
        """How many runs of a list go on at the same time, across all workers."""
        on_item_error: Annotated[
            Literal["stop", "collect"],
            asked("When one fails", group="More", words={"stop": "Cancel the others", "collect": "Go on"}),
        ] = "stop"
        """When a run of a list fails: `stop` cancels the others, `collect` goes on and puts `{error}` in its place."""
        timeout_seconds: Annotated[
            Expr[Annotated[float, Field(gt=0, le=31_536_000, allow_inf_nan=False)]] | None,
            asked("Time limit", group="More"),
        ] = None
        """After so many seconds nothing is waited for any more: what still runs is cancelled, and this fails."""

    class Output(NodeOutput):
        """The result of the run, or a list of results in the order of the items."""

    examples = (
        Example(
            "A result",
            params={"workflow": "Price check", "input": {"sku": "{{ $json.sku }}"}},
            input={"sku": "A-1"},
            answers=(
                {"children": [{"execution_id": "0199", "status": "SUCCESS", "output": {"price": 12}, "error": None}]},
            ),
            returns={"price": 12},
        ),
        Example(
            "One run per order, errors collected",
            params={"workflow": "Ship", "for_each": "{{ $json.orders }}", "on_item_error": "collect"},
            input={"orders": ["A-1", "A-2"]},
            answers=(
                {
                    "children": [
                        {"execution_id": "0199", "status": "SUCCESS", "output": {"shipped": True}, "error": None},
                        {
                            "execution_id": "019a",
                            "status": "ERROR",
                            "output": None,
                            "error": {"code": "executions.stopped", "message": "Out of stock."},
                        },
                    ]
                },
            ),
            returns=[
                {"shipped": True},
                {"error": {"code": "executions.stopped", "message": "Out of stock.", "execution_id": "019a"}},
            ],
        ),
        Example(
            "Start it and go on",
            params={"workflow": "Clean up", "wait": False},
            answers=({"started": ["0199"]},),
            returns={"execution_id": "0199"},
        ),
    )

    def run(self, params: Params, ctx: Context) -> Result:
        """Start what was asked for, and wait."""
        if params.for_each is None:
            inputs: tuple[Json, ...] = (ctx.json if params.input is None else params.input,)
        elif params.input is None:
            inputs = tuple(params.for_each)
        else:
            inputs = tuple(
                {"item": item, "index": at, "input": params.input} for at, item in enumerate(params.for_each)
            )
        if not inputs:
            return Done([] if params.wait else {"execution_ids": []})
        seconds = params.timeout_seconds if params.wait else None
        child = RunChild(
            workflow=params.workflow,
            inputs=inputs,
            parallelism=params.parallelism if params.for_each is not None else 1,
            waits=params.wait,
            stops=params.for_each is None or params.on_item_error == "stop",
            deadline=None if seconds is None else ctx.now + timedelta(seconds=seconds),
        )
        return Suspend(child)

    def resume(self, params: Params, ctx: Context, state: Json, answer: Json) -> Result:
        """Hand on the results, or fail as the run did."""
        if answer is None:
            raise NodeError(
                "sub_workflow.timed_out",
                f"“{params.workflow}” did not end within {params.timeout_seconds:g} s, so it was cancelled.",
                "Raise timeout_seconds, or give it less to do.",
                retryable=True,
                is_afresh=True,
            )
        if "refused" in answer:
            refused = answer["refused"]
            raise NodeError(refused["code"], refused["message"], refused.get("hint", ""))
        if "started" in answer:
            ids = answer["started"]
            return Done({"execution_id": ids[0]} if params.for_each is None else {"execution_ids": ids})
        children = answer["children"]
        if params.for_each is None or params.on_item_error == "stop":
            failed = next((child for child in children if child["error"]), None)
            if failed is not None:
                raise _failure(failed, params)
        results = [_result(child) for child in children]
        return Done(results[0] if params.for_each is None else results)


def _result(child: dict[str, Any]) -> Json:
    error = child["error"]
    return {"error": error | {"execution_id": child["execution_id"]}} if error else child["output"]


def _failure(child: dict[str, Any], params: SubWorkflow.Params) -> NodeError:
    error = child["error"]
    name = child.get("workflow") or params.workflow
    which = "" if params.for_each is None else f" (item {child['index'] + 1})"
    details = {name: child[name] for name in ("execution_id", "workflow", "status", "index") if name in child}
    ended = f"ended as {child['status']}" if child["status"] != "SUCCESS" else "gave a result that does not fit"
    return NodeError(
        "sub_workflow.failed",
        f"“{name}”{which} {ended}: {error.get('message') or error.get('code', '')}",
        error.get("hint") or "Open the execution that failed.",
        retryable=child["status"] != "CANCELED",
        is_afresh=True,
        details=details | {"error": error},
    )
