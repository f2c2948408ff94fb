import { type QueryClient, useQuery } from "@tanstack/react-query";
import { useMemo } from "react";
import { call } from "@/api/http";
import type { Me } from "@/api/types";
import { keepPersonal, personal } from "@/lib/account";
import { kept } from "@/lib/device";
import { deviceZone, isZone } from "@/lib/zones";
import type { Session } from "./session";

const KEPT = "me";

export const ME = ["me"] as const;

/** What the device remembers of the person, so that the page starts offline in their zone and language. */
function remembered(): Me | undefined {
  try {
    const text = kept(personal(KEPT));
    return text ? (JSON.parse(text) as Me) : undefined;
  } catch {
    return undefined;
  }
}

async function fetchMe(): Promise<Me> {
  const me = await call<Me>("GET", "/api/me");
  keepPersonal(KEPT, JSON.stringify(me));
  return me;
}

/** Take over what the person changed, here or on another device. */
export function learnMe(queries: QueryClient, profile: Partial<Pick<Me, "time_zone" | "locale">>): void {
  const me = queries.setQueryData<Me>(ME, (before) => before && { ...before, ...profile });
  if (me) keepPersonal(KEPT, JSON.stringify(me));
}

/** The person as the platform knows them; undefined until it was asked. */
export function useKnownMe({ settled }: Session): Me | undefined {
  // What is remembered will do until the list is there; a new device asks beside it, for the list's zone and language.
  const queryFn = () => (remembered() ? settled.then(fetchMe) : fetchMe());
  return useQuery({ queryKey: ME, queryFn, staleTime: 60_000 }).data;
}

/** The person: as the platform knows them, or as the device remembers, or by the device's own settings. */
export function useMe(session: Session): Me {
  const known = useKnownMe(session);
  return useMemo(() => {
    const me = known ?? remembered();
    const zone = me && isZone(me.time_zone) ? me.time_zone : deviceZone();
    return { person: "", subject: "", name: "", scopes: [], locale: navigator.language, ...me, time_zone: zone };
  }, [known]);
}
