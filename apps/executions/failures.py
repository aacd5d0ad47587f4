"""What the codes mean with which the engine ends nodes and executions. See `apps.nodes.failures`."""

from __future__ import annotations

from apps.core.error_codes import ErrorCode, declare

declare(
    ErrorCode("core.fault", None, "The product failed while doing this.", "The server's log has the details."),
    ErrorCode(
        "executions.artifact_not_found",
        None,
        "There is no such file any more.",
        "Its time was over, or it was deleted.",
    ),
    ErrorCode("executions.artifact_too_large", None, "A file is larger than a node may keep.", "Keep it in parts."),
    ErrorCode("executions.canceled", None, "Somebody cancelled the execution.", "Its log says who."),
    ErrorCode(
        "executions.data_too_large",
        None,
        "The steps of the execution wrote more than they may together.",
        "Keep large things as files, pick fields with a TRANSFORM, or raise max_data_mb in the settings.",
    ),
    ErrorCode(
        "executions.engine_fault",
        None,
        "The engine could not go on with this execution.",
        "This is a fault of AgentFlow. The server's log has the details.",
    ),
    ErrorCode("executions.fence_lost", None, "Another worker has this execution by now; nothing was written."),
    ErrorCode(
        "executions.node_timeout",
        None,
        "The node did not end within its time.",
        "Raise the node's timeout_seconds, or make it do less.",
    ),
    ErrorCode(
        "executions.outcome_unknown",
        None,
        "A call was sent, and nobody knows whether it was carried out.",
        "Look at the receiving system, then say what happened.",
    ),
    ErrorCode(
        "executions.output_too_large",
        None,
        "The node returned more than it may.",
        "Return less: pick fields with a TRANSFORM, or page through the source.",
    ),
    ErrorCode("executions.stopped", None, "The workflow ended itself with an error.", "Its STOP node says why."),
    ErrorCode("executions.storage_away", None, "The object storage could not be reached.", "It is tried again."),
    ErrorCode(
        "executions.timed_out",
        None,
        "The execution did not end within its time.",
        "Raise timeout_seconds in the workflow's settings.",
    ),
    ErrorCode("executions.too_many_steps", None, "The node has taken more steps than it may.", "Make each do more."),
    ErrorCode(
        "executions.value_missing",
        None,
        "A large value of the execution is not in object storage any more.",
        "Look at whether somebody deleted objects there; run it again from before the step that wrote the value.",
    ),
    ErrorCode(
        "executions.worker_lost",
        None,
        "The node ended the process that ran it, three times.",
        "Look at its memory and at what it loads. The server's log has the details.",
    ),
    ErrorCode(
        "expressions.failed",
        None,
        "An expression gave no value.",
        "Open the node and correct the expression; the failure names parameter and column.",
    ),
    ErrorCode(
        "nodes.fault",
        None,
        "The node failed unexpectedly.",
        "This is a fault of the node, not of your workflow. The server's log has the details.",
    ),
    ErrorCode(
        "nodes.params_invalid",
        None,
        "A parameter does not fit once its expression has a value.",
        "Check what the expression gives for this input.",
    ),
    ErrorCode(
        "sub_workflow.input_invalid",
        None,
        "The workflow that was called does not take this input.",
        "Look at the input schema of its trigger.",
    ),
    ErrorCode(
        "sub_workflow.no_trigger",
        None,
        "The workflow has no trigger that another workflow can call.",
        "Add the trigger SUB_WORKFLOW to it, and publish.",
    ),
    ErrorCode("sub_workflow.not_published", None, "The workflow that was called was never published.", "Publish it."),
    ErrorCode(
        "sub_workflow.output_invalid", None, "The result does not fit the output schema.", "Correct one of them."
    ),
    ErrorCode(
        "sub_workflow.refused", None, "The workflow that was called cannot be started now.", "Its words say why."
    ),
    ErrorCode(
        "sub_workflow.results_too_large",
        None,
        "The results of all items are too large together.",
        "Let the called workflow return less, or store what it made and return where it is.",
    ),
    ErrorCode(
        "sub_workflow.too_deep",
        None,
        "Workflows call each other too deeply.",
        "Look for a workflow that calls itself; run many items with for_each instead.",
    ),
    ErrorCode("sub_workflow.unknown", None, "There is no workflow of this name.", "Choose one from the list."),
    ErrorCode("values.unavailable", None, "The kept values could not be reached.", "It is tried again."),
    ErrorCode(
        "while.too_many",
        None,
        "The condition was still true after the last round allowed.",
        "Raise max_iterations, or look why the condition stays true.",
    ),
    ErrorCode(
        "mapping.path_blocked",
        None,
        "The mapping of a connection leads into something that has no members.",
        "Look at what the node before gives back.",
    ),
    ErrorCode(
        "mapping.required_missing",
        None,
        "A field that the mapping of a connection requires is missing or null.",
        "Look at what the node before gives back, give a default, or do not require it.",
    ),
    ErrorCode(
        "mapping.result_invalid",
        None,
        "What the mapping of a connection makes does not fit its schema.",
        "Change the mapping or its schema.",
    ),
    ErrorCode("mapping.result_too_large", None, "What came in over mapped connections is too large.", "Map less."),
    ErrorCode("mapping.schema_invalid", None, "The schema of a mapping cannot be used.", "Correct it."),
)
