import { useMemo } from "react";
import type { Task } from "@/api/types";
import type english from "@/i18n/en.json";
import { go, setParams } from "@/lib/address";
import { useEngine } from "../app/context";
import { focusTask } from "../list/useListKeys";
import { VIEWS, type View } from "../registry";
import { useAvailable } from "../shell/useAvailable";
import { selection } from "../tasks/selection";
import { type Actions, useActions } from "../tasks/useActions";
import { panels } from "./panelStore";

export type Name = { command: keyof typeof english.keys.commands } | { view: keyof typeof english.views };
export const GROUPS = ["page", "list", "views"] as const;

/** Something that keys do: what works, what the help shows and what the palette offers come from the same rows. */
export interface Command {
  name: Name;
  group: (typeof GROUPS)[number];
  /** Each of these does it. */
  keys: readonly string[];
  /** Without one the focused list hears the keys itself. */
  run?: () => void;
  /** Offered by the palette. */
  offered?: boolean;
}

export function useCommands(): readonly Command[] {
  const engine = useEngine();
  const actions = useActions();
  const offered = useAvailable(VIEWS)
    .map(({ id }) => id)
    .join();
  return useMemo(() => {
    const views = VIEWS.filter(({ id }) => offered.split(",").includes(id));
    return commands(actions, views, () => chosen(engine.store.getState().tasks));
  }, [engine, actions, offered]);
}

function commands(actions: Actions, views: readonly View[], tasks: () => Task[]): Command[] {
  const act = (run: (tasks: Task[]) => void) => () => {
    const found = tasks();
    if (found.length > 0) run(found);
  };
  const focus = (selector: string) => () => document.querySelector<HTMLElement>(selector)?.focus();
  const mark = act((found) => found.length === 1 && found[0] && selection.getState().toggle(found[0].id));
  return [
    { name: { command: "add" }, group: "page", keys: ["n"], run: focus("[data-add]"), offered: true },
    { name: { command: "search" }, group: "page", keys: ["/"], run: focus("[data-search]"), offered: true },
    { name: { command: "palette" }, group: "page", keys: ["ctrl+k"], run: () => panels.getState().toggle("palette") },
    { name: { command: "undo" }, group: "page", keys: ["ctrl+z"], run: actions.undo, offered: true },
    { name: { command: "leave" }, group: "page", keys: ["escape"], run: leave },
    {
      name: { command: "help" },
      group: "page",
      keys: ["?"],
      run: () => panels.getState().toggle("help"),
      offered: true,
    },
    { name: { command: "next" }, group: "list", keys: ["j", "arrowdown"], run: firstRow },
    { name: { command: "previous" }, group: "list", keys: ["k", "arrowup"] },
    { name: { command: "ends" }, group: "list", keys: ["home", "end"] },
    { name: { command: "selectAll" }, group: "list", keys: ["ctrl+a"] },
    { name: { command: "extend" }, group: "list", keys: ["shift+arrowdown", "shift+arrowup"] },
    { name: { command: "move" }, group: "list", keys: ["alt+arrowdown", "alt+arrowup"] },
    { name: { command: "open" }, group: "list", keys: ["enter"] },
    { name: { command: "complete" }, group: "list", keys: ["e"], run: act(actions.toggle), offered: true },
    { name: { command: "select" }, group: "list", keys: ["x"], run: mark },
    {
      name: { command: "delete" },
      group: "list",
      keys: ["delete", "backspace"],
      run: act(actions.remove),
      offered: true,
    },
    ...views.map(
      ({ id, keys }): Command => ({
        name: { view: id },
        group: "views",
        keys: keys ? [keys] : [],
        run: () => go(`/${id}`),
      }),
    ),
  ];
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

function firstRow(): void {
  const id = document.querySelector("[data-task]")?.getAttribute("data-task");
  if (id && document.activeElement === document.body) focusTask(id);
}

function leave(): void {
  const { ids, choosing, clear } = selection.getState();
  if (ids.size > 0 || choosing) clear();
  else setParams({ task: null });
}
