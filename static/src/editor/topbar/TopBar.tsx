import { useEditor } from "../store.ts";

/** Where one is, how the draft stands, and what can be done with the workflow as a whole. */
export function TopBar() {
  const name = useEditor((state) => state.workflow.name);
  const slug = useEditor((state) => state.data.workspace.slug);
  return (
    <header className="topbar editor-bar">
      <nav className="crumbs" aria-label="Breadcrumbs">
        <a href={`/w/${slug}/workflows/`}>Workflows</a>
        <h1>{name}</h1>
      </nav>
    </header>
  );
}
