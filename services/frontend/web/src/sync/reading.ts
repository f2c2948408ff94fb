import { ApiError, NetworkError, request } from "@/api/http";
import type { Task } from "@/api/types";
import type { Cursor, LogEvent, ServerMessage } from "./protocol";

/** How long an answer may take: a network that swallows what is sent to it says nothing for ever. */
export const PATIENCE_MS = 20_000;

/** How often all tasks are read before the log is left alone for a while: once is usual, again where it began anew. */
const MOST = 3;

interface Page {
  items: Task[];
  next_cursor: string | null;
  epoch: number;
  seq: number;
}

/**
 * Bring a client to the end of its log by REST: by its events, or, where the log does not go on from its cursor, by all
 * tasks. What is read is handed on as the messages of the WebSocket that it stands for; nothing is once `signal` aborts.
 */
export async function catchUp(
  cursor: () => Cursor | null,
  take: (message: ServerMessage) => void,
  signal: AbortSignal,
): Promise<void> {
  let readings = 0;
  const takeAll = async () => {
    if (readings++ === MOST) throw new NetworkError("the log does not go on from where its tasks are");
    take(await readAll(signal));
  };
  for (;;) {
    const from = cursor();
    const found = from && (await readEvents(from, signal));
    signal.throwIfAborted();
    if (!from || !found) {
      await takeAll();
      continue;
    }
    if (found.events.length > 0) take({ type: "events", events: found.events });
    const at = cursor();
    if (at && at.seq >= found.seq) return;
    if (at && at.seq <= from.seq) await takeAll(); // a gap
  }
}

interface Found {
  seq: number;
  events: LogEvent[];
}

/** The events after a cursor, none of them at the price of a 304; null where the log does not go on from there. */
async function readEvents({ epoch, seq }: Cursor, signal: AbortSignal): Promise<Found | null> {
  try {
    return await read(`/api/events?epoch=${epoch}&since=${seq}`, signal, { "If-None-Match": `"${epoch}-${seq}"` });
  } catch (error) {
    if (error instanceof ApiError && error.status === 304) return { seq, events: [] };
    if (error instanceof ApiError && error.status === 410) return null;
    throw error;
  }
}

/** All tasks, as they were from the first page's place in the log on: the events after it make them whole. */
async function readAll(signal: AbortSignal): Promise<ServerMessage> {
  const tasks: Task[] = [];
  let first: Page | null = null;
  for (let next: string | null = ""; next !== null; ) {
    const query: string = next && `&cursor=${encodeURIComponent(next)}`;
    const page: Page = await read<Page>(`/api/tasks?status=all&sort=created&limit=500${query}`, signal);
    first ??= page;
    if (page.epoch !== first.epoch) throw new NetworkError("the log began anew while its tasks were read");
    tasks.push(...page.items);
    next = page.next_cursor;
  }
  signal.throwIfAborted();
  return { type: "snapshot", epoch: first?.epoch ?? 0, seq: first?.seq ?? 0, tasks, part: 1, last: true };
}

async function read<T>(path: string, signal: AbortSignal, headers: Record<string, string> = {}): Promise<T> {
  const own = new AbortController();
  const stop = () => own.abort();
  signal.addEventListener("abort", stop);
  const timer = setTimeout(stop, PATIENCE_MS);
  try {
    const response = await request("GET", path, { headers, signal: own.signal });
    return (await response.json()) as T;
  } catch (error) {
    if (own.signal.aborted && !signal.aborted) throw new NetworkError(`no answer in ${PATIENCE_MS / 1000} s`);
    throw error;
  } finally {
    clearTimeout(timer);
    signal.removeEventListener("abort", stop);
  }
}
