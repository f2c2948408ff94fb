"use client";

import { QueryClient, QueryClientProvider, useQueryClient } from "@tanstack/react-query";
import { lazy, Suspense, useCallback, useEffect, useMemo, useState } from "react";
import { ApiError } from "@/api/http";
import { LocaleProvider } from "@/i18n/locale";
import { Boundary } from "@/ui/Boundary";
import { LastView, WhenThere } from "../lastView/LastView";
import { Shell } from "../shell/Shell";
import { Skeleton } from "../shell/Skeleton";
import { AppProvider } from "./context";
import { learnMe, useMe } from "./me";
import { close, mounted, open, type Stage } from "./opening";
import type { Session } from "./session";

const SignInScreen = lazy(() => import("../signin/SignInScreen"));

/** The page from its first paint on: the frame at once, then the list that the device has, then what is new. */
export function Start() {
  const [queries] = useState(
    () => new QueryClient({ defaultOptions: { queries: { retry: mayRecover, refetchOnWindowFocus: true } } }),
  );
  const stage = useStage();
  const [there, setThere] = useState(false);
  const onThere = useCallback(() => setThere(true), []);
  return (
    <Boundary>
      <QueryClientProvider client={queries}>
        {stage && "session" in stage ? <Signed session={stage.session} onThere={onThere} /> : null}
        {stage && "out" in stage ? (
          <Suspense fallback={<Skeleton />}>
            <SignInScreen out={stage.out} />
          </Suspense>
        ) : null}
        {stage ? null : <Skeleton />}
        {there || (stage && "out" in stage) ? null : <LastView />}
      </QueryClientProvider>
    </Boundary>
  );
}

/** Whether to ask again: what is refused for good is refused again. */
function mayRecover(failures: number, error: Error): boolean {
  return failures < 2 && !(error instanceof ApiError && !error.isTemporary);
}

/** What this window shows, from the moment the page runs in a browser: a person's session, or the way in. */
function useStage(): Stage | null {
  const [stage, setStage] = useState<Stage | null>(null);
  const [error, setError] = useState<unknown>(null);
  useEffect(() => {
    let gone = false;
    mounted();
    open().then((found) => gone || setStage(found), setError);
    return () => {
      gone = true;
      close();
    };
  }, []);
  if (error) throw error;
  return stage;
}

const SHELL = <Shell />; // one for all renders: what becomes known of the person concerns only who reads it

function Signed({ session, onThere }: { session: Session; onThere: () => void }) {
  const me = useMe(session);
  const app = useMemo(() => ({ session, me }), [session, me]);
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
      <AppProvider app={app}>
        {SHELL}
        <WhenThere onThere={onThere} />
      </AppProvider>
    </LocaleProvider>
  );
}
