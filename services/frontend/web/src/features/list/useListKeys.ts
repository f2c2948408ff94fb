import type { Virtualizer } from "@tanstack/react-virtual";
import { type KeyboardEvent, useCallback } from "react";
import type { Row } from "@/lib/view";
import { selection } from "../tasks/selection";
import { type Move, useMove } from "./useMove";

/** Keys that move through a list: arrows, j and k, Home, End. The row that has the focus is the active one. */
export function useListKeys(rows: readonly Row[], virtual: Virtualizer<HTMLDivElement, Element>) {
  const move = useMove();
  return useCallback(
    (event: KeyboardEvent) => {
      if (isTyping(event.target)) return;
      if (event.ctrlKey || event.metaKey) return selectByKey(event, rows);
      if (event.altKey) return moveByKey(event, move);
      step(event, rows, virtual);
    },
    [rows, virtual, move],
  );
}

/** To another row of the list; with Shift both are marked. */
function step(event: KeyboardEvent, rows: readonly Row[], virtual: Virtualizer<HTMLDivElement, Element>): void {
  const from = STEPS[event.key];
  if (!from) return;
  event.preventDefault();
  const places = rows.flatMap((row, place) => (row.kind === "task" ? [place] : []));
  const { active } = selection.getState();
  const current = places.findIndex((place) => idAt(rows, place) === active);
  const target = places[Math.max(0, Math.min(places.length - 1, from(current, places.length)))];
  const id = target === undefined ? null : idAt(rows, target);
  if (target === undefined || id === null) return;
  if (event.shiftKey && active) selection.getState().add([active, id]);
  virtual.scrollToIndex(target);
  focusTask(id);
}

/** Ctrl with A marks all tasks of the list, those out of sight too. */
function selectByKey(event: KeyboardEvent, rows: readonly Row[]): void {
  if (event.key !== "a") return;
  event.preventDefault();
  selection.getState().add(idsOf(rows));
}

/** Alt with an arrow puts the active task a day later or earlier. */
function moveByKey(event: KeyboardEvent, move: Move): void {
  const { active } = selection.getState();
  if ((event.key !== "ArrowDown" && event.key !== "ArrowUp") || !active) return;
  event.preventDefault();
  move.by(active, event.key === "ArrowDown" ? 1 : -1);
  focusTask(active);
}

const STEPS: Record<string, (place: number, count: number) => number> = {
  ArrowDown: (place) => place + 1,
  j: (place) => place + 1,
  ArrowUp: (place) => place - 1,
  k: (place) => place - 1,
  Home: () => 0,
  End: (_place, count) => count - 1,
};

export function idsOf(rows: readonly Row[]): string[] {
  return rows.flatMap((row) => (row.kind === "task" ? [row.task.id] : []));
}

function idAt(rows: readonly Row[], place: number): string | null {
  const row = rows[place];
  return row?.kind === "task" ? row.task.id : null;
}

function isTyping(target: EventTarget): boolean {
  return target instanceof HTMLElement && target.matches("input, textarea, select, [contenteditable]");
}

/** Put the focus on a task's row, as soon as that is in the page: a far one comes with a frame of a slow device's. */
export function focusTask(id: string, tries = 60): void {
  selection.getState().activate(id);
  requestAnimationFrame(() => {
    const found = document.querySelector<HTMLElement>(`[data-task="${id}"] [data-open]`);
    if (found) found.focus();
    else if (tries > 0) focusTask(id, tries - 1);
  });
}
