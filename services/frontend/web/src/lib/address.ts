import { useSyncExternalStore } from "react";
import { PRIORITIES, type Priority } from "@/api/types";
import { type Query, SORTS, type Sort } from "./view";

/** The address is the state of the view: a link shows the same. */
export interface Address {
  /** The first part of the path: which view. */
  view: string;
  /** What comes after it, decoded. */
  rest: string | null;
  params: URLSearchParams;
}

const CHANGED = "address-changed";

export function parseAddress(path: string, search: string): Address {
  const [view = "", ...rest] = path.split("/").filter(Boolean);
  let decoded: string | null = null;
  try {
    decoded = rest.length > 0 ? decodeURIComponent(rest.join("/")) : null;
  } catch {
    decoded = rest.join("/");
  }
  return { view: view || "today", rest: decoded, params: new URLSearchParams(search) };
}

/** Go to an address of the page; `replace` leaves no step to come back to. */
export function go(address: string, options: { replace?: boolean } = {}): void {
  const current = location.pathname + location.search;
  if (address === current) return;
  if (options.replace) history.replaceState(history.state, "", address);
  else history.pushState(null, "", address);
  dispatchEvent(new Event(CHANGED));
}

/** Change some parameters of the present address; null removes one. */
export function setParams(changes: Record<string, string | readonly string[] | null>, replace = true): void {
  const params = new URLSearchParams(location.search);
  for (const [name, value] of Object.entries(changes)) {
    params.delete(name);
    if (value === null || value === "") continue;
    for (const one of typeof value === "string" ? [value] : value) params.append(name, one);
  }
  const text = params.toString();
  go(location.pathname + (text ? `?${text}` : ""), { replace });
}

function subscribe(callback: () => void): () => void {
  addEventListener("popstate", callback);
  addEventListener(CHANGED, callback);
  return () => {
    removeEventListener("popstate", callback);
    removeEventListener(CHANGED, callback);
  };
}

let last: { href: string; address: Address } | null = null;

function current(): Address {
  const href = location.pathname + location.search;
  if (last?.href !== href) last = { href, address: parseAddress(location.pathname, location.search) };
  return last.address;
}

/** The present address; null while the page is rendered ahead of time. */
export function useAddress(): Address | null {
  return useSyncExternalStore(subscribe, current, () => null);
}

export function queryOf({ view, rest, params }: Address): Query {
  const sort = params.get("sort") ?? "";
  const name = sort.replace(/^-/, "") as Sort;
  const status = params.get("status");
  return {
    view: view === "tags" && rest ? "tag" : view,
    tag: view === "tags" ? rest : null,
    q: params.get("q") ?? "",
    status: status === "open" || status === "completed" || status === "all" ? status : null,
    priority: params.getAll("priority").filter((one): one is Priority => PRIORITIES.includes(one as Priority)),
    tags: params.getAll("tag"),
    dueAfter: day(params.get("due_after")),
    dueBefore: day(params.get("due_before")),
    sort: SORTS.includes(name) ? name : null,
    descending: SORTS.includes(name) && sort.startsWith("-"),
  };
}

/** A day as an address has it, `2026-12-01`; null where it is none. */
export function day(text: string | null): string | null {
  return text && /^\d{4}-\d\d-\d\d$/.test(text) ? text : null;
}

export function tagAddress(tag: string): string {
  return `/tags/${encodeURIComponent(tag)}`;
}
