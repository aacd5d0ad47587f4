"""What this app refuses."""

from __future__ import annotations

from apps.core.errors import Conflict, NotFound, TooLarge


class WorkflowUnknown(NotFound):
    """There is no such workflow in this workspace."""

    code = "workflows.not_found"


class VersionUnknown(NotFound):
    """The workflow has no such version."""

    code = "workflows.version_not_found"


class PathTaken(Conflict):
    """Another active workflow listens to the same address."""

    code = "workflows.path_taken"
    default_hint = "Change the path or the method of one of the two, or pause the other workflow."


class DraftConflict(Conflict):
    """Somebody else has changed the draft since you read it."""

    code = "workflows.draft_conflict"
    default_hint = "Read the workflow again and repeat the change on what it is now."


class NotActive(Conflict):
    """The workflow is not active, so there is nothing to pause."""

    code = "workflows.not_active"


class FolderUnknown(NotFound):
    """There is no such folder in this workspace."""

    code = "workflows.folder_not_found"


class FolderTaken(Conflict):
    """There is a folder of this name at this place already."""

    code = "workflows.folder_taken"
    default_hint = "Choose another name, or move the workflows into that one."


class VariableUnknown(NotFound):
    """There is no such variable in this workspace."""

    code = "workflows.variable_not_found"


class VariableTaken(Conflict):
    """The workspace has a variable of this name already."""

    code = "workflows.variable_taken"
    default_hint = "Change that one, or choose another name."


class VariableTooLarge(TooLarge):
    """A variable has more than 32 KB."""

    code = "workflows.variable_too_large"
    default_hint = "A variable is a setting. Keep larger things in a file or a table, and its address here."


class VariablesFull(Conflict):
    """The workspace's variables are too many, or too large together."""

    code = "workflows.variables_full"
    default_hint = "Delete those no workflow reads any more."
