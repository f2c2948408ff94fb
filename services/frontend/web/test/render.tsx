import { QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { type RenderResult, render } from "@testing-library/react";
import type { ReactElement } from "react";
import type { Task } from "@/api/types";
import { AppProvider } from "@/features/app/context";
import type { Session } from "@/features/app/session";
import { LocaleProvider } from "@/i18n/locale";
import { Engine, type EngineOptions } from "@/store/engine";

/** A task as the platform tells it. */
export function task(fields: Partial<Task> & { id: string }): Task {
  return {
    seq: 1,
    version: 1,
    title: fields.id,
    description: "",
    status: "open",
    priority: "none",
    tags: [],
    due: null,
    recurrence: null,
    series_id: null,
    occurrence: null,
    nominal: null,
    reminders: [],
    external_id: null,
    created_at: "2026-11-01T08:00:00Z",
    updated_at: "2026-11-01T08:00:00Z",
    completed_at: null,
    ...fields,
  };
}

/** An engine that is live, with some tasks. */
export function liveEngine(tasks: Task[] = [], options: EngineOptions = {}): Engine {
  const engine = new Engine({ send: async () => ({ change: "c", seq: 0 }), ...options });
  engine.receive({ type: "snapshot", epoch: 1, seq: 10, tasks, part: 1, last: true });
  engine.setConnection("live");
  return engine;
}

/** Render with an app around it. */
export function renderApp(
  element: ReactElement,
  engine: Engine = liveEngine(),
  hearing: Partial<Session> = {},
): RenderResult & { engine: Engine } {
  const session: Session = {
    engine,
    auth: null,
    settled: Promise.resolve(),
    listen: () => () => {},
    follow: () => () => {},
    stop: () => {},
    ...hearing,
  };
  const queries = new QueryClient({ defaultOptions: { queries: { retry: false } } });
  const rendered = render(
    <QueryClientProvider client={queries}>
      <LocaleProvider locale="en" zone="Europe/Rome">
        <AppProvider app={{ session, me: { name: "me", locale: "en", time_zone: "Europe/Rome" } }}>
          {element}
        </AppProvider>
      </LocaleProvider>
    </QueryClientProvider>,
  );
  return { ...rendered, engine };
}
