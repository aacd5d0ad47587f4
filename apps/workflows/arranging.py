"""Where workflows stand in the list: folders and tags, and copies. None of it changes what runs, or when it was edited.

Names of folders are seen by every member, also of a folder whose workflows are hidden from them.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from typing import Any, Final
from uuid import UUID

from apps.accounts.access import objects
from apps.accounts.access.actor import Actor
from apps.accounts.access.objects import Kind
from apps.accounts.models import Workspace
from apps.accounts.services import audit_record
from apps.core import jsonclean
from apps.core.clock import now
from apps.core.errors import FieldError, Invalid
from apps.core.tenancy import tenant
from apps.workflows.errors import FolderTaken, FolderUnknown
from apps.workflows.models import Folder, Workflow
from apps.workflows.selectors import within

MAX_PATH: Final = 400
MAX_PART: Final = 80
MAX_DEPTH: Final = 8
MAX_FOLDERS: Final = 1_000
MAX_TAG: Final = 40
MAX_TAGS: Final = 20


# ── What can be written ──────────────────────────────────────────────────────────────────────────────────────────────


def clean_path(text: str) -> str:
    """A folder's path as it is kept: names joined by `/`, without empty ones; empty for no folder. Raises `Invalid`."""
    jsonclean.check(text, path="folder")
    parts = [" ".join(part.split()) for part in text.split("/")]
    parts = [part for part in parts if part]
    if any(len(part) > MAX_PART for part in parts):
        raise _invalid("folder", f"A folder's name has at most {MAX_PART} characters.")
    if len(parts) > MAX_DEPTH:
        raise _invalid("folder", f"Folders go {MAX_DEPTH} deep; this would be {len(parts)}.")
    path = "/".join(parts)
    if len(path) > MAX_PATH:
        raise _invalid("folder", f"A path has at most {MAX_PATH} characters; this has {len(path)}.")
    return path


def clean_tags(given: Iterable[str]) -> list[str]:
    """Tags as they are kept: each once, whatever its capitals, in the order given. Raises `Invalid`."""
    found: dict[str, str] = {}
    for text in given:
        jsonclean.check(text, path="tags")
        tag = " ".join(text.split())
        if "," in tag:
            raise _invalid("tags", f"“{tag[:60]}” has a comma, which stands between tags.")
        if len(tag) > MAX_TAG:
            raise _invalid("tags", f"A tag has at most {MAX_TAG} characters; “{tag[:60]}” has {len(tag)}.")
        if tag:
            found.setdefault(tag.lower(), tag)
    if len(found) > MAX_TAGS:
        raise _invalid("tags", f"A workflow has at most {MAX_TAGS} tags; these are {len(found)}.")
    return list(found.values())


def _invalid(path: str, message: str) -> Invalid:
    return Invalid(message, errors=[FieldError(path=path, message=message)])


# ── Folders ──────────────────────────────────────────────────────────────────────────────────────────────────────────


def folder_create(*, workspace_id: UUID, actor: Actor, path: str) -> Folder:
    """A new folder, and those it is in as far as they are missing. Raises `Invalid`, `FolderTaken` (409)."""
    path = _named(path)
    with tenant(workspace_id):
        _lock(workspace_id)
        if Folder.objects.filter(workspace_id=workspace_id, path=path).exists():
            raise _taken(path)
        made = _made(workspace_id, path)
        audit_record(workspace_id=workspace_id, actor=actor, action="folder.created", target=path)
    return made


def folder_rename(*, workspace_id: UUID, folder_id: UUID, actor: Actor, path: str) -> Folder:
    """Give a folder another name or place; what is in it goes with it.

    Raises `FolderUnknown`, `Invalid` for a place inside itself, `FolderTaken` (409).
    """
    path = _named(path)
    with tenant(workspace_id):
        _lock(workspace_id)
        folder = _folder(workspace_id, folder_id)
        old = folder.path
        if path == old:
            return folder
        if path.startswith(f"{old}/"):
            raise _invalid("path", f"“{old}” cannot be moved into itself.")
        if Folder.objects.filter(workspace_id=workspace_id, path=path).exists():
            raise _taken(path)
        inside = list(Folder.objects.filter(workspace_id=workspace_id, path__startswith=f"{old}/"))
        for each in inside:
            each.path = clean_path(path + each.path.removeprefix(old))
        above, _, _ = path.rpartition("/")
        if above:
            _made(workspace_id, above)
        folder.path = path
        Folder.objects.bulk_update([folder, *inside], ["path"])
        audit_record(workspace_id=workspace_id, actor=actor, action="folder.renamed", target=path, data={"was": old})
    return folder


def folder_delete(*, workspace_id: UUID, folder_id: UUID, actor: Actor) -> None:
    """Take a folder away, with the folders in it. Their workflows go where it was. Raises `FolderUnknown`."""
    with tenant(workspace_id):
        _lock(workspace_id)
        folder = _folder(workspace_id, folder_id)
        above, _, _ = folder.path.rpartition("/")
        target = _made(workspace_id, above) if above else None
        gone = within(Folder.objects.filter(workspace_id=workspace_id), folder.path, "path")
        Workflow.objects.filter(workspace_id=workspace_id, folder__in=gone).update(folder=target)
        gone.delete()
        audit_record(workspace_id=workspace_id, actor=actor, action="folder.deleted", target=folder.path)


def folder_at(workspace_id: UUID, path: str) -> Folder | None:
    """The folder of this path, made if it is missing; None for the empty path. Call inside `tenant()`."""
    path = clean_path(path)
    if not path:
        return None
    found = Folder.objects.filter(workspace_id=workspace_id, path=path).first()
    if found is None:
        _lock(workspace_id)
        found = _made(workspace_id, path)
    return found


def _named(path: str) -> str:
    path = clean_path(path)
    if not path:
        raise _invalid("path", "A folder needs a name.")
    return path


def _taken(path: str) -> FolderTaken:
    message = f"There is a folder “{path}” already."
    return FolderTaken(message, errors=[FieldError(path="path", message=message)])


def _folder(workspace_id: UUID, folder_id: UUID) -> Folder:
    found = Folder.objects.filter(workspace_id=workspace_id, id=folder_id).first()
    if found is None:
        raise FolderUnknown
    return found


def _made(workspace_id: UUID, path: str) -> Folder:
    """The folder of this path and all above it, made as far as they are missing."""
    parts = path.split("/")
    paths = ["/".join(parts[:depth]) for depth in range(1, len(parts) + 1)]
    known = {each.path: each for each in Folder.objects.filter(workspace_id=workspace_id, path__in=paths)}
    at = now()
    missing = [Folder(workspace_id=workspace_id, path=each, created_at=at) for each in paths if each not in known]
    if missing and Folder.objects.filter(workspace_id=workspace_id).count() + len(missing) > MAX_FOLDERS:
        raise _invalid("folder", f"A workspace has at most {MAX_FOLDERS:,} folders.")
    Folder.objects.bulk_create(missing)
    return (known | {each.path: each for each in missing})[path]


def _lock(workspace_id: UUID) -> None:
    """One change of folders at a time, so that none is made or lost under another."""
    Workspace.objects.select_for_update(no_key=True).get(id=workspace_id)


# ── Workflows ────────────────────────────────────────────────────────────────────────────────────────────────────────


def workflows_move(*, workspace_id: UUID, workflow_ids: Collection[UUID], actor: Actor, folder: str) -> int:
    """Put workflows into a folder, which is made if it is missing; into none with an empty path. Gives how many moved.

    All or none: raises `ObjectRestricted` (403) for one the actor may not change, `Invalid` for a path that is none.
    """
    with tenant(workspace_id):
        found = _changeable(workspace_id, workflow_ids, actor)
        target = folder_at(workspace_id, folder)
        moved = [each for each in found if each.folder_id != (target.id if target else None)]
        for each in moved:
            _record(each, actor, "moved", {"folder": target.path if target else ""})
        Workflow.objects.filter(id__in=[each.id for each in moved]).update(folder=target)
    return len(moved)


def workflows_tag(
    *,
    workspace_id: UUID,
    workflow_ids: Collection[UUID],
    actor: Actor,
    add: Sequence[str] = (),
    remove: Sequence[str] = (),
) -> int:
    """Add tags to workflows and take others away. Gives how many changed. All or none: raises as `workflows_move`."""
    add = clean_tags(add)
    gone = {tag.lower() for tag in clean_tags(remove)}
    with tenant(workspace_id):
        changed = []
        for each in _changeable(workspace_id, workflow_ids, actor):
            tags = clean_tags([*(tag for tag in each.tags if tag.lower() not in gone), *add])
            if tags != each.tags:
                each.tags = tags
                changed.append(each)
                _record(each, actor, "tagged", {"tags": tags})
        Workflow.objects.bulk_update(changed, ["tags"])
    return len(changed)


def _changeable(workspace_id: UUID, workflow_ids: Collection[UUID], actor: Actor) -> list[Workflow]:
    rows = Workflow.objects.filter(workspace_id=workspace_id, deleted_at=None, id__in=list(workflow_ids))
    found = list(rows.select_for_update(of=("self",)).defer("draft").order_by("id"))
    for each in found:
        objects.require(
            workspace_id=workspace_id,
            actor=actor,
            kind=Kind.WORKFLOW,
            object_id=each.id,
            level="edit",
            name=each.name,
        )
    return found


def _record(workflow: Workflow, actor: Actor, verb: str, data: dict[str, Any]) -> None:
    audit_record(
        workspace_id=workflow.workspace_id,
        actor=actor,
        action=f"workflow.{verb}",
        target=workflow.name,
        data={"workflow_id": str(workflow.id)} | data,
    )
