import { useId, useRef, useState } from "react";
import { Icon } from "../../../canvas/Icon.tsx";
import type { Json } from "../../../canvas/types.ts";
import { JsonField } from "./AnyValue.tsx";
import { useCount, useForm, useRow } from "./context.ts";
import { Problems } from "./FieldFrame.tsx";
import { FieldView } from "./FieldView.tsx";
import { type Item, itemsOf, sectionsOf } from "./layout.ts";
import { join, placeOf } from "./problems.ts";
import { isAsked, isInPlace, type Member, membersOf, type Schema, unknownMembers } from "./schema.ts";
import { withMember } from "./values.ts";

export interface MembersProps {
  schema: Schema;
  /** Where the object stands: "params". */
  path: string;
  value: Schema;
  onChange: (value: Schema, changed: string) => void;
  /** A member that something around it stands for. */
  also?: string;
  /** The first level of a form has two columns: what is long, and beside it what is short. */
  isTop?: boolean;
}

/** The members of an object, each with its field; what no field stands for is kept and shown as JSON. */
export function Members(props: MembersProps) {
  const { schema, path, value, onChange, also = "", isTop = false } = props;
  const { source, findings } = useForm();
  const isRow = useRow();
  const members = membersOf(schema, source);
  const asked = members.filter((member) => isAsked(member, value, members));
  const { open, folded } = sectionsOf(asked);
  const unknown = unknownMembers(value, members, also);
  const draw = (items: readonly Item[]) =>
    items.map((item) => (
      <ItemView
        key={item.key}
        item={item}
        members={members}
        value={value}
        path={path}
        onChange={onChange}
        isWide={isTop}
      />
    ));
  const items = itemsOf(open);
  const wide = items.filter((item) => item.size === "wide");
  const full = items.filter((item) => item.size === "full");
  const narrow = items.filter((item) => item.size === "narrow");
  // A few fields of a row stand side by side where there is room.
  const isInline = isRow && open.length <= 3 && items.every((item) => item.size !== "full");
  const isSplit = isTop && wide.length > 0 && narrow.length > 0;
  return (
    <div className={isTop ? "form-top" : "form-group"}>
      {isSplit ? (
        <>
          <div className="form-columns">
            <div className="form-column">{draw(wide)}</div>
            <div className="form-column">{draw(narrow)}</div>
          </div>
          {draw(full)}
        </>
      ) : items.length > 0 ? (
        <div className="form-grid" data-inline={isInline || undefined}>
          {draw(items)}
        </div>
      ) : null}
      {folded.map(([title, inside]) => (
        <Fold
          key={title}
          title={title}
          paths={inside.map(({ name }) => join(path, name))}
          set={inside.filter(({ name }) => value[name] !== undefined).length}
        >
          <div className="form-grid">{draw(itemsOf(inside))}</div>
        </Fold>
      ))}
      {Object.keys(unknown).length > 0 ? (
        <fieldset className="field form-field" aria-label="Other members">
          <div className="form-head">
            <span className="field-label">Other members</span>
          </div>
          <JsonField
            value={unknown}
            name="Other members"
            shape="object"
            onChange={(next) => {
              const known = Object.fromEntries(Object.entries(value).filter(([name]) => !(name in unknown)));
              onChange({ ...known, ...((next as Schema | undefined) ?? {}) }, "other members");
            }}
          />
          <Problems
            problems={findings.filter((finding) =>
              Object.keys(unknown).some((name) => placeOf(finding) === join(path, name)),
            )}
          />
          <p className="help">This node type does not know them. They are kept as they are.</p>
        </fieldset>
      ) : null}
    </div>
  );
}

function Fold({
  title,
  set,
  paths,
  children,
}: {
  title: string;
  set: number;
  paths: readonly string[];
  children: React.ReactNode;
}) {
  const problems = useCount(paths);
  const [isOpen, setOpen] = useState(set > 0 || problems > 0);
  return (
    <section className="form-fold">
      <button
        type="button"
        className="form-fold-head"
        aria-expanded={isOpen}
        onClick={() => setOpen(!isOpen)}
      >
        <Icon name={isOpen ? "chevron-down" : "chevron-right"} size={14} />
        {title}
        {set > 0 ? <span className="muted">{set} set</span> : null}
        {problems > 0 ? (
          <span className="form-fold-problems">
            <Icon name="circle-alert" size={12} />
            {problems}
          </span>
        ) : null}
      </button>
      {isOpen ? children : null}
    </section>
  );
}

interface ItemProps {
  item: Item;
  members: readonly Member[];
  value: Schema;
  path: string;
  onChange: (value: Schema, changed: string) => void;
  isWide: boolean;
}

function ItemView({ item, members, value, path, onChange }: ItemProps) {
  const [member] = item.members;
  if (!member) return null;
  if (item.label)
    return (
      <div className="form-item" data-size={item.size} data-path={join(path, member.name)}>
        <OneOf
          label={item.label}
          members={item.members}
          value={value}
          path={path}
          onChange={(next) => onChange(next, item.label)}
        />
      </div>
    );
  return (
    <div className="form-item" data-size={item.size} data-path={join(path, member.name)}>
      <FieldView
        field={member.field}
        path={join(path, member.name)}
        value={value[member.name]}
        isRequired={member.isRequired}
        note={isInPlace(member, value, members) ? undefined : <Unused member={member} members={members} />}
        onChange={(next) => onChange(withMember(value, member.name, next), member.field.label)}
      />
    </div>
  );
}

/** Why a value that is set does not count. */
function Unused({ member, members }: { member: Member; members: readonly Member[] }) {
  const others = Object.keys(member.when).map(
    (name) => members.find((other) => other.name === name)?.field.label ?? name,
  );
  return <p className="form-unused">Not used with this choice of “{others.join("”, “")}”.</p>;
}

/** Several members of which at most one is set: which one, then its field. */
function OneOf({
  label,
  members,
  value,
  path,
  onChange,
}: {
  label: string;
  members: readonly Member[];
  value: Schema;
  path: string;
  onChange: (value: Schema) => void;
}) {
  const { isReadOnly } = useForm();
  const id = useId();
  const set = members.filter(({ name }) => value[name] !== undefined);
  const [chosen, setChosen] = useState("");
  const left = useRef<Record<string, Json>>({});
  const shown = set.length > 0 ? set : members.filter(({ name }) => name === chosen);
  const choose = (name: string): void => {
    let next = value;
    for (const member of set) {
      left.current[member.name] = value[member.name] ?? null;
      next = withMember(next, member.name, undefined);
    }
    const back = left.current[name];
    if (name && back !== undefined) next = withMember(next, name, back);
    setChosen(name);
    if (next !== value) onChange(next);
  };
  return (
    <div className="field form-field">
      <div className="form-one-of">
        <label className="field-label" htmlFor={id}>
          {label}
        </label>
        <select
          id={id}
          className="select"
          value={shown[0]?.name ?? ""}
          disabled={isReadOnly}
          onChange={(event) => choose(event.target.value)}
        >
          <option value="">None</option>
          {members.map((member) => (
            <option key={member.name} value={member.name}>
              {member.field.label}
            </option>
          ))}
        </select>
      </div>
      {shown.map((member) => (
        <FieldView
          key={member.name}
          field={member.field}
          path={join(path, member.name)}
          value={value[member.name]}
          onChange={(next) => {
            setChosen(member.name);
            onChange(withMember(value, member.name, next));
          }}
        />
      ))}
    </div>
  );
}
