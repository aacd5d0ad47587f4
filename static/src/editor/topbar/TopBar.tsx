import { Icon } from "../../canvas/Icon.tsx";
import { PublishDialog } from "../history/PublishDialog.tsx";
import { closeHistory, openHistory, useHistory } from "../history/store.ts";
import { TestButton } from "../run/TestButton.tsx";
import { useEditor } from "../store.ts";
import { Logo } from "./Logo.tsx";
import { Name } from "./Name.tsx";
import { Saved } from "./Saved.tsx";
import { WorkflowMenu } from "./WorkflowMenu.tsx";

/** Where one is, how the draft stands, and what can be done with the workflow as a whole. */
export function TopBar() {
  const slug = useEditor((state) => state.data.workspace.slug);
  const folder = useEditor((state) => state.data.workflow.folder);
  const may = useEditor((state) => state.data.may);
  const isPublishing = useHistory((state) => state.isPublishing);
  return (
    <header className="topbar workflow-bar editor-bar">
      <div className="workflow-bar-place">
        <a className="workflow-bar-home" href={`/w/${slug}/`} aria-label="Home" title="Home">
          <Logo />
        </a>
        <nav className="crumbs" aria-label="Breadcrumbs">
          <a href={`/w/${slug}/workflows/`}>Workflows</a>
          {folder ? (
            <a href={`/w/${slug}/workflows/?folder=${encodeURIComponent(folder)}`}>
              {folder.split("/").at(-1)}
            </a>
          ) : null}
          <Name />
        </nav>
        <Status />
        <Saved />
      </div>
      <Views />
      <div className="actions">
        {/* Who else is here: `sync/` fills it. */}
        <div id="editor-presence" className="editor-presence" />
        {may.workflow_execute ? <TestButton /> : null}
        {may.workflow_update ? <PublishButton /> : null}
        <WorkflowMenu />
      </div>
      {isPublishing ? <PublishDialog /> : null}
    </header>
  );
}

const LOOKS = {
  draft: { status: "DRAFT", icon: "square-pen", word: "Draft" },
  active: { status: "ACTIVE", icon: "circle-check", word: "Live" },
  paused: { status: "PAUSED", icon: "pause", word: "Paused" },
  archived: { status: "ARCHIVED", icon: "archive", word: "Archived" },
} as const;

function Status() {
  const status = useEditor((state) => state.workflow.status);
  const version = useEditor((state) => state.workflow.version);
  const look = LOOKS[status];
  return (
    <span className="badge" data-status={look.status}>
      <Icon name={look.icon} size={14} />
      {status === "active" && version !== null ? `v${version} live` : look.word}
    </span>
  );
}

/** The pages of one workflow. The same stand in templates/workflows/_bar.html. */
function Views() {
  const page = useEditor((state) => state.data.page);
  const slug = useEditor((state) => state.data.workspace.slug);
  const id = useEditor((state) => state.workflow.id);
  const isOpen = useHistory((state) => state.isOpen);
  return (
    <nav className="workflow-tabs" aria-label="Views">
      <a
        href={page}
        aria-current={isOpen ? undefined : "page"}
        onClick={(event) => {
          if (!isOpen || event.ctrlKey || event.metaKey || event.shiftKey) return;
          event.preventDefault();
          void closeHistory();
        }}
      >
        Editor
      </a>
      <a href={`/w/${slug}/executions/?workflow=${id}`}>Executions</a>
      <a href={`${page}triggers/`}>Triggers</a>
      <a
        href={`${page}history/`}
        onClick={(event) => {
          // As a tab of its own it is a page; here the versions open beside the canvas.
          if (event.ctrlKey || event.metaKey || event.shiftKey) return;
          event.preventDefault();
          void (isOpen ? closeHistory() : openHistory());
        }}
        aria-current={isOpen ? "page" : undefined}
      >
        History
      </a>
      <a href={`${page}settings/`}>Settings</a>
    </nav>
  );
}

function PublishButton() {
  const isArchived = useEditor((state) => state.workflow.status === "archived");
  const isEmpty = useEditor((state) => state.definition.nodes.length === 0);
  const openPublish = useHistory((state) => state.openPublish);
  return (
    <button
      type="button"
      className="btn btn-primary"
      disabled={isArchived || isEmpty}
      title={
        isArchived
          ? "It is archived: activate it first"
          : isEmpty
            ? "There is nothing to publish yet"
            : undefined
      }
      onClick={openPublish}
    >
      Publish
    </button>
  );
}
