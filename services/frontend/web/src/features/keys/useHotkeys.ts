import { useEffect, useMemo } from "react";
import type { Task } from "@/api/types";
import { go, setParams } from "@/lib/address";
import { useEngine } from "../app/context";
import { focusTask } from "../list/useListKeys";
import { VIEWS } from "../registry";
import { selection } from "../tasks/selection";
import { type Actions, useActions } from "../tasks/useActions";

/** Keys that work everywhere on the page; each is named as people read it. */
export type Hotkeys = Record<string, () => void>;

const SEQUENCE_MS = 1_200;

export function useHotkeys(): void {
  const engine = useEngine();
  const actions = useActions();
  const keys = useMemo(() => table(actions, () => chosen(engine.store.getState().tasks)), [engine, actions]);
  useEffect(() => listen(keys), [keys]);
}

/** The tasks that a key acts on: the selected ones, else the active one. */
function chosen(tasks: ReadonlyMap<string, Task>): Task[] {
  const { ids, active } = selection.getState();
  const wanted = ids.size > 0 ? [...ids] : active && isFocused(active) ? [active] : [];
  return wanted.flatMap((id) => tasks.get(id) ?? []);
}

function isFocused(id: string): boolean {
  return document.activeElement?.closest("[data-task]")?.getAttribute("data-task") === id;
}

function table(actions: Actions, tasks: () => Task[]): Hotkeys {
  const act = (run: (tasks: Task[]) => void) => () => {
    const found = tasks();
    if (found.length > 0) run(found);
  };
  const focus = (selector: string) => () => document.querySelector<HTMLElement>(selector)?.focus();
  return {
    ...Object.fromEntries(VIEWS.flatMap(({ id, keys }) => (keys ? [[keys, () => go(`/${id}`)]] : []))),
    n: focus("[data-add]"),
    "/": focus("[data-search]"),
    j: firstRow,
    arrowdown: firstRow,
    e: act(actions.toggle),
    x: act((found) => found.length === 1 && found[0] && selection.getState().toggle(found[0].id)),
    delete: act(actions.remove),
    backspace: act(actions.remove),
    escape: leave,
    "ctrl+z": actions.undo,
  };
}

function firstRow(): void {
  const id = document.querySelector("[data-task]")?.getAttribute("data-task");
  if (id && document.activeElement === document.body) focusTask(id);
}

function leave(): void {
  if (selection.getState().ids.size > 0) selection.getState().clear();
  else setParams({ task: null });
}

/** Listen for the keys of a table; returns how to stop. */
export function listen(keys: Hotkeys): () => void {
  let before: { key: string; at: number } | null = null;
  const heard = (event: KeyboardEvent) => {
    const name = nameOf(event);
    if (event.defaultPrevented || !name || isElsewhere(event.target, name)) return;
    const sequence = before && event.timeStamp - before.at < SEQUENCE_MS ? `${before.key} ${name}` : name;
    before = { key: name, at: event.timeStamp };
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
