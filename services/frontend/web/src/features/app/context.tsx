"use client";

import { createContext, type ReactNode, useContext, useEffect, useMemo, useState } from "react";
import { useStore } from "zustand";
import type { Me } from "@/api/types";
import type { Clock } from "@/lib/view";
import { today } from "@/lib/zones";
import type { Engine } from "@/store/engine";
import type { Shown } from "@/store/shown";
import type { Session } from "./session";

export interface App {
  session: Session;
  me: Pick<Me, "time_zone" | "locale" | "name">;
}

const Context = createContext<App | null>(null);
const EngineContext = createContext<Engine | null>(null);
const ClockContext = createContext<Clock | null>(null);

export function AppProvider({ app, children }: { app: App; children: ReactNode }) {
  return (
    <Context value={app}>
      <EngineContext value={app.session.engine}>
        <ClockContext value={useTicking(app.me.time_zone)}>{children}</ClockContext>
      </EngineContext>
    </Context>
  );
}

export function useApp(): App {
  const app = useContext(Context);
  if (!app) throw new Error("useApp needs an AppProvider above it");
  return app;
}

/** The list's engine; who only reads the list does not render again for what becomes known of the person. */
export function useEngine(): Engine {
  const engine = useContext(EngineContext);
  if (!engine) throw new Error("useEngine needs an AppProvider above it");
  return engine;
}

/** A part of what is shown; the component renders again when that part changes. */
export function useShown<T>(select: (shown: Shown) => T): T {
  return useStore(useEngine().store, select);
}

const ASKING_MS = 15_000;

/** How often to ask, in milliseconds, for what comes by itself on a WebSocket; false while one is there. */
export function useAsking(): number | false {
  return useShown(({ connection }) => connection === "polling") && ASKING_MS;
}

/** The present minute and day in the person's zone. */
export function useClock(): Clock {
  const clock = useContext(ClockContext);
  if (!clock) throw new Error("useClock needs an AppProvider above it");
  return clock;
}

/** One clock for all: a row of a list has none of its own. */
function useTicking(zone: string): Clock {
  const [now, setNow] = useState(() => Date.now());
  useEffect(() => {
    const timer = setInterval(() => setNow(Date.now()), 20_000);
    return () => clearInterval(timer);
  }, []);
  return useMemo(() => ({ zone, now, today: today(zone, now) }), [zone, now]);
}
