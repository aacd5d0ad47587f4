import { Tile } from "../../canvas/Icon.tsx";
import { useEditor } from "../store.ts";

/** Every node type there is, to be put on the canvas. */
export function Palette() {
  const entries = useEditor((state) => state.data.node_types);
  return (
    <nav className="editor-palette" aria-label="Nodes">
      <ul>
        {entries.map((entry) => (
          <li key={`${entry.type} ${entry.subtype}`}>
            <Tile type={entry.type} icon={entry.icon} />
            {entry.name}
          </li>
        ))}
      </ul>
    </nav>
  );
}
