import type { StoreApi } from "zustand/vanilla";
import type { TokenSource } from "@/api/http";
import type { SignInSettings } from "./settings";

/**
 * `in`: all is well. `ended`: the sign-in service or the platform takes the tokens no more.
 * `away`: the person was signed in before, and the sign-in service could not be reached since.
 */
export type Standing = "in" | "ended" | "away";

export interface Stand {
  standing: Standing;
  /** What the platform said, where it was the platform that refused. */
  detail: string | null;
}

/** A person's sign-in in this window. */
export interface Auth extends TokenSource {
  name: string;
  stand: StoreApi<Stand>;
  /** Go to the sign-in service, and come back to this view; rejects where the service cannot be reached. */
  signIn: () => Promise<void>;
  /** Remove the person's tokens and data from this browser, in all its windows, and sign out at the service. */
  signOut: () => Promise<void>;
}

export const REASONS = [
  "denied",
  "unreachable",
  "busy",
  "mismatch",
  "misconfigured",
  "failed",
  "noClient",
  "insecure",
  "signedOut",
  "signedOutHere",
  "signedOutElsewhere",
] as const;

/** Why nobody is signed in, where there is more to say than that. */
export interface Reason {
  kind: (typeof REASONS)[number];
  detail?: string;
}

/** Nobody is signed in here. */
export interface Out {
  settings: SignInSettings;
  reason: Reason | null;
  /** Go to the sign-in service; null where that cannot help. */
  signIn: (() => Promise<void>) | null;
}

/** How a start of the page ended: with a person (`auth` is null where the platform has no sign-in), or with nobody. */
export type Arrival = { auth: Auth | null } | { out: Out };
