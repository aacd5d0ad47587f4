/** Where the fields of a form stand: long ones, short ones, folded ones, and those of which one is chosen. Pure. */

import type { Field, Member } from "./schema.ts";

/** `full` takes the whole width, `narrow` fits beside something else. */
export type Size = "full" | "wide" | "narrow";

/** One place of a form: a member, or several of which at most one is set (then with the words for them all). */
export interface Item {
  key: string;
  label: string;
  members: Member[];
  size: Size;
}

export function sizeOf({ control, takesExpressions, isNullable }: Field, isRequired: boolean): Size {
  if (control.kind === "rows" || control.kind === "pairs") return "full";
  // What may be an expression needs the room to write one.
  if (takesExpressions) return "wide";
  switch (control.kind) {
    case "number":
    case "switch":
    case "choice":
      return "narrow";
    case "text":
      if (control.widget === "timezone" || control.widget === "workflow") return "narrow";
      return isRequired || control.isMultiline ? "wide" : "narrow";
    case "several":
      return control.options.length > 5 ? "wide" : "narrow";
    case "tags":
      return "narrow";
    case "group":
      return isNullable ? "narrow" : "wide";
    default:
      return "wide";
  }
}

export function itemsOf(members: readonly Member[]): Item[] {
  const items: Item[] = [];
  for (const member of members) {
    const together = member.oneOf ? items.find(({ label }) => label === member.oneOf) : undefined;
    if (together) together.members.push(member);
    else
      items.push({
        key: member.oneOf || member.name,
        label: member.oneOf,
        members: [member],
        size: member.oneOf ? "wide" : sizeOf(member.field, member.isRequired),
      });
  }
  return items;
}

/** What is always there, and what is folded, by heading in the order they first come. */
export function sectionsOf(members: readonly Member[]): { open: Member[]; folded: [string, Member[]][] } {
  const folded = new Map<string, Member[]>();
  for (const member of members)
    if (member.group) folded.set(member.group, [...(folded.get(member.group) ?? []), member]);
  return { open: members.filter(({ group }) => !group), folded: [...folded] };
}
