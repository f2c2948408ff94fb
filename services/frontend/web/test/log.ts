import type { Task } from "@/api/types";
import type { LogEvent } from "@/sync/protocol";
import { task } from "./render";

export interface Asked {
  path: string;
  etag: string | null;
}

/** A platform that has a log, and answers what a client without a WebSocket asks; `answer` stands in for its answers. */
export class FakeLog {
  epoch = 1;
  seq = 0;
  tasks: Task[] = [];
  readonly asked: Asked[] = [];
  most = 0;
  pageSize = 2;
  answer: ((path: string) => Response | Promise<Response> | null) | null = null;
  private events: LogEvent[] = [];
  private open = 0;

  constructor() {
    globalThis.fetch = (async (path: string, init: RequestInit = {}) => {
      this.asked.push({ path, etag: (init.headers as Record<string, string>)["If-None-Match"] ?? null });
      this.most = Math.max(this.most, ++this.open);
      try {
        const gone = new Promise<never>((_, reject) =>
          init.signal?.addEventListener("abort", () => reject(new DOMException("", "AbortError"))),
        );
        return await Promise.race([this.answer?.(path) ?? this.own(new URL(path, "http://here"), init), gone]);
      } finally {
        this.open--;
      }
    }) as typeof fetch;
  }

  /** Something happens: a task is made. */
  happen(id: string): LogEvent {
    const made = task({ id, seq: ++this.seq });
    this.tasks.push(made);
    const event: LogEvent = {
      seq: this.seq,
      type: "task.created",
      task: made,
      key: null,
      change: null,
      at: "",
      actor: "",
    };
    this.events.push(event);
    return event;
  }

  /** The log is restored from a backup: an epoch begins with the tasks that it has. */
  restore(tasks: Task[]): void {
    this.epoch++;
    this.seq = tasks.length;
    [this.tasks, this.events] = [tasks, []];
  }

  private own(url: URL, init: RequestInit): Response {
    const { epoch, seq } = this;
    if (url.pathname === "/api/tasks") {
      const start = Number(url.searchParams.get("cursor") ?? 0);
      const end = start + this.pageSize;
      const next_cursor = end < this.tasks.length ? String(end) : null;
      return reply(200, { items: this.tasks.slice(start, end), next_cursor, epoch, seq });
    }
    const since = Number(url.searchParams.get("since"));
    if (Number(url.searchParams.get("epoch")) !== epoch || since > seq) return reply(410, problem(410));
    if ((init.headers as Record<string, string>)["If-None-Match"] === `"${epoch}-${seq}"`) return reply(304);
    return reply(200, { epoch, seq, events: this.events.filter((event) => event.seq > since).slice(0, this.pageSize) });
  }
}

const problem = (status: number) => ({ type: "about:blank", title: "", status, detail: "not so" });

export function reply(status: number, document?: object | string, headers: Record<string, string> = {}): Response {
  return {
    ok: status >= 200 && status < 300,
    status,
    statusText: "",
    headers: new Headers(headers),
    json: async () => {
      if (typeof document !== "object") throw new SyntaxError("no JSON");
      return document;
    },
  } as Response;
}
