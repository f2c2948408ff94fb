"use client";

import { QueryClient, QueryClientProvider, useQueryClient } from "@tanstack/react-query";
import { useEffect, useState } from "react";
import { LocaleProvider } from "@/i18n/locale";
import { Boundary } from "@/ui/Boundary";
import { Shell } from "../shell/Shell";
import { Skeleton } from "../shell/Skeleton";
import { AppProvider } from "./context";
import { learnMe, useMe } from "./me";
import { openSession, type Session } from "./session";

/** The page from its first paint on: the frame at once, then the list that the device has, then what is new. */
export function Start() {
  const [queries] = useState(
    () => new QueryClient({ defaultOptions: { queries: { retry: 2, refetchOnWindowFocus: true } } }),
  );
  const session = useSession();
  return (
    <Boundary>
      <QueryClientProvider client={queries}>
        {session ? <Signed session={session} /> : <Skeleton />}
      </QueryClientProvider>
    </Boundary>
  );
}

/** The session of this window, from the moment the page runs in a browser. */
function useSession(): Session | null {
  const [session, setSession] = useState<Session | null>(null);
  useEffect(() => {
    const opened = openSession();
    setSession(opened);
    return () => opened.stop();
  }, []);
  return session;
}

function Signed({ session }: { session: Session }) {
  const me = useMe();
  const queries = useQueryClient();
  useEffect(
    () =>
      session.follow((events) => {
        for (const { profile } of events) if (profile) learnMe(queries, profile);
      }),
    [session, queries],
  );
  return (
    <LocaleProvider locale={me.locale} zone={me.time_zone}>
      <AppProvider app={{ session, me }}>
        <Shell />
      </AppProvider>
    </LocaleProvider>
  );
}
