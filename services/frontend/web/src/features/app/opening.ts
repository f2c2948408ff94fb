import type { Arrival, Out } from "../signin/auth";
import { learnSettings } from "../signin/settings";
import { openSession, type Session } from "./session";

/** What this window shows: a person's session, or the way in. */
export type Stage = { session: Session } | { out: Out };

let arrival: Promise<Arrival> | null = null;
let opening: Promise<Stage> | null = null;

/** Open what there is to show, unless that has begun: the list is read while React takes the page over. */
export function open(): Promise<Stage> {
  opening ??= begin();
  return opening;
}

let takeOver = () => {};
const takenOver = new Promise<void>((resolve) => {
  takeOver = resolve;
});

/** Say that React has taken the page over: from now on the address is the page's own to change. */
export function mounted(): void {
  takeOver();
}

/** Let go of what was opened. */
export function close(): void {
  const opened = opening;
  opening = null;
  opened?.then(
    (stage) => "session" in stage && stage.session.stop(),
    () => {}, // who opened it was told
  );
}

async function begin(): Promise<Stage> {
  arrival ??= arriveOnce();
  const arrived = await arrival;
  return "auth" in arrived ? { session: openSession(arrived.auth) } : arrived;
}

/** Find out who is there, once a page. The code of a sign-in is loaded where the platform has one. */
async function arriveOnce(): Promise<Arrival> {
  const settings = await learnSettings(() => location.reload());
  if (!settings) return { auth: null };
  return (await import("../signin/arrive")).arrive(settings, undefined, takenOver);
}
