import { enterAccount, forgetAccount, knownAccount, leaveWindow, rememberAccount, watchAccount } from "@/lib/account";
import { uuid7 } from "@/lib/ids";
import { startOver } from "@/lib/reload";
import { Database } from "@/store/database";
import { type Arrival, type Auth, REASONS, type Reason, type Standing } from "./auth";
import { Keeper } from "./keeper";
import { CALLBACK, type Person, Provider } from "./provider";
import type { SignInSettings } from "./settings";

const NOTE = "signed-out";
const WINDOW = "window";
const PATIENCE_MS = 1_000; // a window that is loaded anew lets go of its lock at once
const here = () => location.pathname + location.search;

/**
 * Find out who is signed in. Where only the sign-in service can tell, the page is left for it and comes back: to the view
 * that it was left at, once React has `takenOver`, since until then Next.js puts back the address that it began with.
 */
export async function arrive(
  settings: SignInSettings,
  provider = new Provider(settings),
  takenOver: Promise<void> = Promise.resolve(),
): Promise<Arrival> {
  const out = (reason: Reason | null): Arrival => {
    const helps = reason?.kind !== "noClient" && reason?.kind !== "insecure";
    return { out: { settings, reason, signIn: helps ? () => leaveFor(provider) : null } };
  };
  if (!settings.client_id) return out({ kind: "noClient" });
  if (!globalThis.isSecureContext) return out({ kind: "insecure" });
  if (await isCopy()) await provider.forget();
  if (location.pathname === CALLBACK) {
    const { person, reason, view } = await provider.finish(location.href);
    await takenOver;
    history.replaceState(null, "", view);
    if (person) return enter(provider, person.account, person, "in");
    if (reason?.kind !== "mismatch" || !(await provider.stored())) return out(reason);
  }
  return (await recall(provider)) ?? out(takeNote());
}

/** The person whom this window or this browser remembers; null where there is none. */
async function recall(provider: Provider): Promise<Arrival | null> {
  const stored = await provider.stored();
  if (stored && knownAccount(stored.account.id)) return enter(provider, stored.account, stored, "in");
  await provider.forget();
  const last = knownAccount();
  if (!last) return null;
  if (navigator.onLine !== false && (await provider.isReachable())) await provider.begin(here(), true);
  return enter(provider, last, null, "away");
}

/** Why the page started over, where it was told. */
function takeNote(): Reason | null {
  const kind = sessionStorage.getItem(NOTE);
  sessionStorage.removeItem(NOTE);
  return REASONS.includes(kind as Reason["kind"]) ? { kind: kind as Reason["kind"] } : null;
}

async function leaveFor(provider: Provider): Promise<void> {
  if (!(await provider.isReachable())) throw new Error("unreachable");
  await provider.begin(here(), false);
}

function enter(
  provider: Provider,
  account: Person["account"],
  held: Person | null,
  standing: Standing,
): { auth: Auth } {
  const { id, name } = account;
  enterAccount(id);
  rememberAccount(account);
  const keeper = new Keeper({ held, standing, renew: () => provider.renew() });
  const unwatch = watchAccount(id, () => {
    keeper.stop();
    leaveWindow();
    sessionStorage.setItem(NOTE, "signedOutElsewhere");
    void provider.forget().finally(startOver);
  });
  const signOut = async () => {
    keeper.stop();
    unwatch();
    forgetAccount(id);
    await Database.erase();
    sessionStorage.setItem(NOTE, "signedOut");
    if (await provider.leave()) return;
    sessionStorage.setItem(NOTE, "signedOutHere");
    startOver();
  };
  const auth: Auth = {
    name,
    stand: keeper.stand,
    token: () => keeper.token(),
    refused: (token) => keeper.refused(token),
    failed: (detail) => keeper.failed(detail),
    signIn: () => leaveFor(provider),
    signOut,
  };
  return { auth };
}

/**
 * Whether this window is a copy of another ("duplicate tab"), tokens and all. Two that renew with one refresh token
 * would end the sign-in of both, so that a copy gets tokens of its own.
 */
async function isCopy(): Promise<boolean> {
  const { locks } = navigator;
  if (!locks) return false;
  const own = sessionStorage.getItem(WINDOW) ?? uuid7();
  sessionStorage.setItem(WINDOW, own);
  if (await hold(own)) return false;
  const fresh = uuid7();
  sessionStorage.setItem(WINDOW, fresh);
  await hold(fresh);
  return true;
}

function hold(name: string): Promise<boolean> {
  return new Promise((resolve) => {
    const wait = { signal: AbortSignal.timeout(PATIENCE_MS) };
    const held = () => {
      resolve(true);
      return new Promise<void>(() => {}); // until the window is gone
    };
    navigator.locks.request(`task-platform-window-${name}`, wait, held).catch(() => resolve(false));
  });
}
