import type { EventType, Notification, Task } from "@/api/types";

/** Where a client stands in a person's log: `seq` rises by one per event of an epoch. */
export interface Cursor {
  epoch: number;
  seq: number;
}

/** An event of the log. `task` is as it is after the event, or as it last was when it is deleted. */
export interface LogEvent {
  seq: number;
  type: EventType;
  task: Task | null;
  key: string | null;
  change: string | null;
  at: string;
  actor: string;
  profile?: { time_zone: string; locale: string };
  reminder?: string;
}

/** A delivery, or a `test`, which has no task. */
export type NotificationMessage = { type: "notification"; text?: string; test?: boolean } & Partial<Notification> & {
    id: string;
    title: string;
  };

export interface ChatMessage {
  type: "chat";
  [field: string]: unknown;
}

export type ServerMessage =
  | { type: "snapshot"; epoch: number; seq: number; tasks: Task[]; part: number; last: boolean }
  | { type: "events"; events: LogEvent[] }
  | { type: "heartbeat"; epoch: number | null; seq: number | null }
  | { type: "pong" }
  | NotificationMessage
  | ChatMessage;

export const SUBPROTOCOL = "tasks.v1";

/** Codes that a connection is closed with; see services/frontend/messages.py. */
export const CLOSED = { tokenExpired: 4401, tooMany: 4429 } as const;

export function hello(cursor: Cursor | null): string {
  return JSON.stringify({ type: "hello", epoch: cursor?.epoch ?? null, since: cursor?.seq ?? null });
}
