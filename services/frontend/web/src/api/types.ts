import type { components } from "./schema";

type Schemas = components["schemas"];

/** The words of the contract, by the names that the page uses. */
export type Task = Required<Omit<Schemas["Task"], "recurrence">> & { recurrence: Recurrence | null };
export type Priority = Schemas["Priority"];
export type Due = Schemas["DueAt"] | Schemas["DueLocal"] | Schemas["DueDate"];
export type Recurrence = Schemas["Recurrence"];
export type Reminder = Schemas["Reminder"];
export type ReminderInput = { id?: string | null; before?: string | null; at?: string | null };
export type EventType = Schemas["EventType"];
export type Me = Omit<Schemas["Me"], "scopes"> & Partial<Pick<Schemas["Me"], "scopes">>;
export type Problem = Schemas["ProblemDetails"];
export type AuditItem = Schemas["AuditItem"];
export type AuditPage = Schemas["AuditPage"];
export type Proof = Schemas["Proof"];
export type Turn = Schemas["TurnAnswer"];
export type ChatAnswer = Schemas["ChatAnswer"];
export type Conversation = Schemas["ConversationAnswer"];
export type Conversations = Schemas["ConversationsAnswer"];
export type Notification = Schemas["Notification"];
export type NotificationPage = Schemas["NotificationPage"];
export type Channel = Schemas["Channel"];
export type ChannelRecord = Schemas["ChannelRecord"];
export type NotificationSettings = Schemas["SettingsBody"];
export type TrialReport = Schemas["TrialReport"];
export type Scope = Schemas["Scope"];
export type Token = Schemas["TokenShown"];
export type NewToken = Schemas["TokenAnswer"];
export type BatchAnswer = Omit<Schemas["BatchAnswer"], "results"> & {
  results: { status: number; id: string; task: Task | null; next_id?: string | null }[];
};
export type ImportAnswer = Schemas["ImportAnswer"];
export type UndoAnswer = Schemas["UndoAnswer"];

/** The fields of a task that a person writes. */
export interface TaskFields {
  title?: string;
  description?: string | null;
  priority?: Priority | null;
  tags?: string[] | null;
  due?: Due | null;
  recurrence?: Recurrence | null;
  reminders?: ReminderInput[] | null;
  external_id?: string | null;
}

/** One operation of `POST /api/tasks/batch`, the only way that the page changes tasks. */
export type Operation =
  | { op: "create"; task: TaskFields & { id: string; title: string } }
  | { op: "update"; id: string; task: TaskFields }
  | { op: "complete" | "reopen" | "delete"; id: string };

export const PRIORITIES: readonly Priority[] = ["urgent", "high", "medium", "low", "none"];
