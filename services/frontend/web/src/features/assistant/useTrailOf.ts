import { useQuery } from "@tanstack/react-query";
import { useEffect } from "react";
import { call } from "@/api/http";
import type { AuditPage, Turn } from "@/api/types";
import { remember } from "./chat";

const BEFORE_MS = 60_000; // a change is made before its turn is written down
const MOST = 500;

/** Learn from the audit trail which tasks the changes of these turns touched, where nobody watched them being made. */
export function useTrailOf(conversation: string, turns: readonly Turn[]): void {
  const changing = turns.filter(({ changes }) => changes.length > 0);
  const [first, last] = [changing[0], changing.at(-1)];
  const { data } = useQuery({
    queryKey: ["audit", "of", conversation, last?.id],
    enabled: first !== undefined && last !== undefined,
    queryFn: ({ signal }) => call<AuditPage>("GET", `/api/audit?${span(first?.at ?? "", last?.at ?? "")}`, { signal }),
  });
  useEffect(() => {
    for (const { change, task_id: id, title } of data?.items ?? []) {
      if (change && id) remember(change, [{ id, title: title ?? "" }]);
    }
  }, [data]);
}

function span(first: string, last: string): URLSearchParams {
  const since = new Date(Date.parse(first) - BEFORE_MS).toISOString();
  const until = new Date(Date.parse(last) + BEFORE_MS).toISOString();
  return new URLSearchParams({ since, until, limit: String(MOST) });
}
