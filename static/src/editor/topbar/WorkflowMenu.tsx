import { useState } from "react";
import { Icon } from "../../canvas/Icon.tsx";
import { Dialog, Menu, MenuItem } from "../Dialog.tsx";
import { useEditor } from "../store.ts";
import { activate, archive, duplicate, pause, remove } from "./acts.ts";

/** What is done with the workflow beside testing and publishing it. */
export function WorkflowMenu() {
  const { may, page } = useEditor((state) => state.data);
  const { name, status } = useEditor((state) => state.workflow);
  const [asked, setAsked] = useState(false);
  return (
    <>
      <Menu label={`More about ${name}`} summary={<Icon name="ellipsis" />}>
        {may.workflow_update && status !== "active" ? (
          <MenuItem icon="power" onChoose={() => void activate()}>
            Activate
          </MenuItem>
        ) : null}
        {may.workflow_update && status === "active" ? (
          <MenuItem icon="pause" onChoose={() => void pause()}>
            Pause
          </MenuItem>
        ) : null}
        {may.workflow_execute && status !== "archived" ? (
          <a className="menu-item" href={`${page}run/`}>
            <Icon name="play" />
            Run with an input
          </a>
        ) : null}
        <div className="menu-line" />
        <a className="menu-item" href={`${page}edit/`}>
          <Icon name="braces" />
          Definition as text
        </a>
        <a className="menu-item" href={`${page}export/`}>
          <Icon name="upload" />
          Export
        </a>
        {may.workflow_create ? (
          <MenuItem icon="copy" onChoose={() => void duplicate()}>
            Duplicate
          </MenuItem>
        ) : null}
        <a className="menu-item" href={`${page}credentials/`}>
          <Icon name="key-round" />
          Credentials
        </a>
        <a className="menu-item" href={`${page}sharing/`}>
          <Icon name="users" />
          Share
        </a>
        {may.workflow_update || may.workflow_delete ? <div className="menu-line" /> : null}
        {may.workflow_update && status !== "archived" ? (
          <MenuItem icon="archive" onChoose={() => void archive()}>
            Archive
          </MenuItem>
        ) : null}
        {may.workflow_delete ? (
          <MenuItem icon="trash-2" isDanger onChoose={() => setAsked(true)}>
            Delete
          </MenuItem>
        ) : null}
      </Menu>
      {asked ? (
        <Dialog title={`Delete “${name}”?`} onClose={() => setAsked(false)}>
          <p>
            Its triggers stop at once. Executions that run finish, and their record stays. The workflow cannot
            be brought back; archive it if you may need it again.
          </p>
          <div className="dialog-actions">
            <button type="button" className="btn btn-ghost" onClick={() => setAsked(false)}>
              Keep it
            </button>
            <button type="button" className="btn btn-danger-solid" onClick={() => void remove()}>
              Delete workflow
            </button>
          </div>
        </Dialog>
      ) : null}
    </>
  );
}
