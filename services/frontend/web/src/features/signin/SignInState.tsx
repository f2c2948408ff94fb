import { lazy, Suspense } from "react";
import { useStore } from "zustand";
import { useApp } from "../app/context";
import type { Auth } from "./auth";

const EndedBanner = lazy(() => import("./EndedBanner"));

/** Stands above the list once the sign-in has ended. */
export function SignInState() {
  const { auth } = useApp().session;
  return auth ? <Watch auth={auth} /> : null;
}

function Watch({ auth }: { auth: Auth }) {
  const stand = useStore(auth.stand);
  if (stand.standing === "in") return null;
  return (
    <Suspense>
      <EndedBanner auth={auth} stand={stand} />
    </Suspense>
  );
}
