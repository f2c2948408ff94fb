import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useEffect, useRef, useState } from "react";
import { call } from "@/api/http";
import type { Task, TaskFields } from "@/api/types";

/** What the platform reads in a line: the task that it would make, and the pieces that it understood. */
export interface Reading {
  task: Pick<Task, "title" | "priority" | "tags" | "due" | "recurrence" | "reminders">;
  spans: readonly { start: number; end: number; means: string }[];
}

const PAUSE_MS = 120;
const PATIENCE_MS = 1_500;

const options = (text: string, zone: string) => ({
  queryKey: ["quick", text, zone],
  queryFn: ({ signal }: { signal: AbortSignal }) =>
    call<Reading>("POST", "/api/tasks/quick?dry_run=true", { body: { text, time_zone: zone }, signal }),
  retry: false,
  staleTime: 60_000,
});

/** The reading of a line once its writer pauses, at once where words come as a whole; null while there is none. */
export function useReading(text: string, zone: string, live: boolean): Reading | null {
  const [paused, setPaused] = useState("");
  const before = useRef("");
  useEffect(() => {
    const pasted = text.length - before.current.length > 1; // or dictated, or completed by the keyboard
    before.current = text;
    if (pasted) return setPaused(text.trim());
    const timer = setTimeout(() => setPaused(text.trim()), PAUSE_MS);
    return () => clearTimeout(timer);
  }, [text]);
  const { data } = useQuery({ ...options(paused, zone), enabled: live && paused !== "" });
  return (paused === text.trim() && data) || null;
}

/** What a line is read for. */
export type Read = TaskFields & { title: string };

/**
 * Reads a line for its task: at once where that is done already, so that the task goes out before anything is rendered.
 * Offline, or where the platform takes too long, the line is the title.
 */
export function useReader(zone: string, live: boolean): (text: string) => Read | Promise<Read> {
  const queries = useQueryClient();
  return (text) => {
    if (!live) return { title: text };
    const line = options(text, zone);
    const known = queries.getQueryCache().find<Reading>({ queryKey: line.queryKey });
    if (known?.state.data && !known.isStaleByTime(line.staleTime)) return fieldsOf(known.state.data);
    const late = new Promise<null>((resolve) => setTimeout(() => resolve(null), PATIENCE_MS));
    const reading = Promise.race([queries.fetchQuery(line).catch(() => null), late]);
    return reading.then((found) => (found ? fieldsOf(found) : { title: text }));
  };
}

export function fieldsOf({ task }: Reading): Read {
  const { title, priority, tags, due, recurrence } = task;
  const reminders = task.reminders.map(({ before, at }) => (before ? { before } : { at }));
  return {
    title,
    ...(priority === "none" ? {} : { priority }),
    ...(tags.length > 0 ? { tags } : {}),
    ...(due ? { due } : {}),
    ...(recurrence ? { recurrence } : {}),
    ...(reminders.length > 0 ? { reminders } : {}),
  };
}

/** The pieces of a line as they were written; places count code points, not the units of JavaScript's strings. */
export function piecesOf(text: string, { spans }: Reading): string[] {
  const points = [...text.trim()];
  return spans.map(({ start, end }) => points.slice(start, end).join(""));
}
