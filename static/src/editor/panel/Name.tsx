import { useId, useState } from "react";
import { nameFault, rename } from "../document/naming.ts";
import { useEditor } from "../store.ts";

/** The node's name, changed in place; what refers to the node follows. */
export function Name({ nodeId, name, isReadOnly }: { nodeId: string; name: string; isReadOnly: boolean }) {
  const [typed, setTyped] = useState<string | null>(null);
  const fault = useId();
  const wrong = typed === null ? null : nameFault(useEditor.getState().definition, nodeId, typed.trim());
  if (isReadOnly) return <h2 className="panel-name">{name}</h2>;
  const keep = (): void => {
    if (typed !== null && !wrong && typed.trim() !== name)
      useEditor.getState().edit(`Rename “${name}”`, (now) => rename(now, nodeId, typed.trim()));
    setTyped(null);
  };
  return (
    <h2 className="panel-name">
      <input
        value={typed ?? name}
        size={Math.max((typed ?? name).length, 4)}
        maxLength={100}
        aria-label="Name of the node"
        aria-invalid={wrong ? true : undefined}
        aria-describedby={wrong ? fault : undefined}
        spellCheck={false}
        onChange={(event) => setTyped(event.target.value)}
        onBlur={keep}
        onKeyDown={(event) => {
          if (event.key === "Enter") event.currentTarget.blur();
          if (event.key !== "Escape" || typed === null) return;
          event.stopPropagation();
          setTyped(null);
        }}
      />
      {wrong ? (
        <span className="panel-name-fault" id={fault} role="status">
          {wrong}
        </span>
      ) : null}
    </h2>
  );
}
