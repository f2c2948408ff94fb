import { useInfiniteQuery, useQuery, useQueryClient } from "@tanstack/react-query";
import { useEffect } from "react";
import { call } from "@/api/http";
import type { AuditPage, Proof } from "@/api/types";
import { day, setParams, useAddress } from "@/lib/address";
import { addDays, instantOf } from "@/lib/zones";
import { useApp } from "../app/context";

/** What the trail is narrowed to by what happened, each with the types of its entries. */
export const ACTIONS = {
  all: [],
  created: ["task.created", "task.restored"],
  changed: ["task.updated"],
  completed: ["task.completed", "task.reopened"],
  deleted: ["task.deleted"],
  reminders: ["reminder.due", "reminder.settled"],
  account: ["profile.updated", "token.created", "token.revoked"],
} as const;
export type Action = keyof typeof ACTIONS;

/** And by whom, each with the actors as the trail names them. */
export const ACTORS = {
  all: [],
  person: ["person"],
  services: ["recurring-task", "notification", "backend"],
} as const;
export type Actor = keyof typeof ACTORS;

export interface Filter {
  action: Action;
  actor: Actor;
  /** The id of the only task that is asked for. */
  of: string | null;
  /** The first and the last day that are asked for, in the person's zone. */
  since: string | null;
  until: string | null;
}

const TRAIL = ["audit", "trail"] as const;
const PROOF = ["audit", "proof"] as const;
const SETTLED_MS = 800; // an event is in the trail a moment after it is in the log

/** The filter that the address asks for. The open task has `task` there, so the trail's has another name. */
export function useFilter(): Filter {
  const params = useAddress()?.params;
  const [action, actor] = [params?.get("action") ?? "", params?.get("by") ?? ""];
  return {
    action: Object.hasOwn(ACTIONS, action) ? (action as Action) : "all",
    actor: Object.hasOwn(ACTORS, actor) ? (actor as Actor) : "all",
    of: params?.get("of") ?? null,
    since: day(params?.get("since") ?? null),
    until: day(params?.get("until") ?? null),
  };
}

export function setFilter({ action, actor, ...rest }: Partial<Filter>): void {
  setParams({
    ...rest,
    ...(action ? { action: action === "all" ? null : action } : {}),
    ...(actor ? { by: actor === "all" ? null : actor } : {}),
  });
}

/** The trail, newest first, a page at a time. */
export function useTrail(filter: Filter) {
  const zone = useApp().me.time_zone;
  return useInfiniteQuery({
    queryKey: [...TRAIL, filter, zone],
    queryFn: ({ pageParam, signal }) =>
      call<AuditPage>("GET", `/api/audit?${paramsOf(filter, zone, pageParam)}`, { signal }),
    initialPageParam: null as string | null,
    getNextPageParam: (page) => page.next_cursor,
    placeholderData: (before) => before,
  });
}

function paramsOf(filter: Filter, zone: string, cursor: string | null): URLSearchParams {
  const { action, actor, of, since, until } = filter;
  const params = new URLSearchParams({ limit: "50" });
  for (const type of ACTIONS[action]) params.append("type", type);
  for (const name of ACTORS[actor]) params.append("actor", name);
  if (of) params.set("task_id", of);
  const [start, end] = [startOf(since, 0, zone), startOf(until, 1, zone)];
  if (start) params.set("since", start);
  if (end) params.set("until", end);
  if (cursor) params.set("cursor", cursor);
  return params;
}

const EARLIEST = "1970"; // while a year is being typed, it is one of antiquity

/** The instant at which a day begins, or the one some `days` after it; null where there is no such day. */
function startOf(text: string | null, days: number, zone: string): string | null {
  if (!text || text < EARLIEST || Number.isNaN(Date.parse(text))) return null;
  const instant = instantOf(`${addDays(text, days)}T00:00`, zone);
  return Number.isNaN(instant) ? null : new Date(instant).toISOString();
}

/** Whether the trail is whole, as the platform finds by computing it anew. */
export function useProof() {
  return useQuery({
    queryKey: PROOF,
    queryFn: ({ signal }) => call<Proof>("GET", "/api/audit/verify", { signal }),
    staleTime: Number.POSITIVE_INFINITY,
    refetchOnWindowFocus: false,
  });
}

/** Read the trail again when something happens. */
export function useLiveTrail(): void {
  const { session } = useApp();
  const queries = useQueryClient();
  useEffect(() => {
    let timer: ReturnType<typeof setTimeout> | undefined;
    const stop = session.follow(() => {
      clearTimeout(timer);
      timer = setTimeout(() => void queries.invalidateQueries({ queryKey: TRAIL }), SETTLED_MS);
    });
    return () => {
      stop();
      clearTimeout(timer);
    };
  }, [session, queries]);
}
