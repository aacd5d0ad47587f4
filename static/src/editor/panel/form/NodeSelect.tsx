import { groups } from "../../palette/catalogue.ts";
import { useEditor } from "../../store.ts";
import { useForm } from "./context.ts";
import type { InputProps } from "./Scalars.tsx";

/** A node type by its name, `ACTION.HTTP_REQUEST`: those that the schema's pattern lets through. */
export function NodeSelect({ id, label, described, value, onChange, field }: InputProps) {
  const { isReadOnly } = useForm();
  const entries = useEditor((state) => state.data.node_types);
  const { pattern } = field.schema;
  const fits = new RegExp(typeof pattern === "string" ? pattern : "");
  const fitting = entries.filter(({ type, subtype }) => fits.test(`${type}.${subtype}`));
  const set = typeof value === "string" ? value : "";
  return (
    <select
      className="select"
      id={id}
      aria-label={label}
      aria-describedby={described}
      value={set}
      disabled={isReadOnly}
      onChange={(event) => onChange(event.target.value || undefined)}
    >
      <option value="">Choose…</option>
      {set && !fitting.some(({ type, subtype }) => `${type}.${subtype}` === set) ? (
        <option value={set}>{set}</option>
      ) : null}
      {groups(fitting).map((group) => (
        <optgroup key={group.title} label={group.title}>
          {group.entries.map(({ type, subtype, name }) => (
            <option key={subtype} value={`${type}.${subtype}`}>
              {name}
            </option>
          ))}
        </optgroup>
      ))}
    </select>
  );
}
