/** What can be done in the editor, each once: by keys, from menus, from the shortcut sheet, from the command list. */

export interface Command {
  id: string;
  title: string;
  /** Its part of the shortcut sheet. */
  group: "Canvas" | "Edit" | "View" | "Run" | "Workflow";
  /** "mod+z" (Ctrl, or Cmd on a Mac), "shift+1", "Delete", "g e" (one after the other). The first one is shown. */
  keys?: readonly string[];
  /** How it stands on the shortcut sheet, if one line there speaks for several commands; null for the others of them. */
  sheet?: { keys: string; title: string } | null;
  /** A key that is held does it again and again. */
  isRepeated?: boolean;
  /** Its keys are the browser's own doing, such as copying: they stand on the sheet, and nobody answers them here. */
  isNative?: boolean;
  /** Other words it is looked for by. */
  words?: string;
  icon?: string;
  /** Whether it can be done now. Left out: always. */
  isPossible?: () => boolean;
  run: () => void | Promise<void>;
}

const known = new Map<string, Command>();

/** Makes a command known. The parts of the editor call it once, where they begin; a second time replaces the first. */
export function registerCommands(commands: readonly Command[]): void {
  for (const command of commands) known.set(command.id, command);
}

export const commands = (): readonly Command[] => [...known.values()];

export const command = (id: string): Command | undefined => known.get(id);

/** Does it, if it can be done now. Says whether it was. */
export function runCommand(id: string): boolean {
  const found = known.get(id);
  if (!found || found.isPossible?.() === false) return false;
  void found.run();
  return true;
}
