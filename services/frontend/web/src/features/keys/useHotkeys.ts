import { useEffect, useRef } from "react";
import { useCommands } from "./commands";

/** Keys that work everywhere on the page; each is named as people read it. */
export type Hotkeys = Record<string, () => void>;

const SEQUENCE_MS = 1_200;

export function useHotkeys(): void {
  const commands = useCommands();
  const keys = useRef<Hotkeys>({});
  useEffect(() => {
    const runs = commands.flatMap(({ keys, run }) => (run ? keys.map((key) => [key, run] as const) : []));
    keys.current = Object.fromEntries(runs);
  }, [commands]);
  useEffect(() => listen(() => keys.current), []); // one for all commands: they may change between the keys of a sequence
}

/** Listen for the keys that a table has then; returns how to stop. */
export function listen(table: () => Hotkeys): () => void {
  let before: { key: string; at: number } | null = null;
  const heard = (event: KeyboardEvent) => {
    const name = nameOf(event);
    if (event.defaultPrevented || !name || isElsewhere(event.target, name)) return;
    const sequence = before && event.timeStamp - before.at < SEQUENCE_MS ? `${before.key} ${name}` : name;
    before = { key: name, at: event.timeStamp };
    const keys = table();
    const run = keys[sequence] ?? keys[name];
    if (!run) return;
    if (sequence.includes(" ")) before = null;
    event.preventDefault();
    run();
  };
  document.addEventListener("keydown", heard);
  return () => document.removeEventListener("keydown", heard);
}

function nameOf(event: KeyboardEvent): string | null {
  if (event.altKey || event.isComposing) return null;
  const key = event.key.toLowerCase();
  return event.ctrlKey || event.metaKey ? `ctrl+${key}` : key;
}

/** Where text is written, or a dialog or menu is open, keys belong to those. */
function isElsewhere(target: EventTarget | null, name: string): boolean {
  if (!(target instanceof HTMLElement)) return false;
  if (target.matches("input, textarea, select, [contenteditable]")) return name !== "ctrl+k";
  return target.closest('[role="dialog"], [role="menu"], [role="listbox"]') !== null && name !== "ctrl+k";
}
