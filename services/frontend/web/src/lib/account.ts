import { keep, kept, names } from "./device";

/**
 * Whose data this window keeps on the device. With sign-in everything personal has the person in its name, so that
 * nobody sees what another left behind; without it the names are plain.
 */
let current: string | null = null;

/** The name under which a window notes whose it is, for the next page in it. */
export const WINDOW_PERSON = "person";

export function enterAccount(id: string | null): void {
  current = id;
  if (id !== null) note(id);
}

/** Forget whose this window is, for the next page in it. */
export function leaveWindow(): void {
  note(null);
}

function note(id: string | null): void {
  try {
    if (id === null) sessionStorage.removeItem(WINDOW_PERSON);
    else sessionStorage.setItem(WINDOW_PERSON, id);
  } catch {} // the browser keeps nothing: the next page begins without it
}

/** The name under which something personal is kept. */
export function personal(name: string): string {
  return current === null ? name : `${name} ${current}`;
}

/** Keep a text under such a name; of a person who has signed out nothing is kept, nor their name. */
export function keepPersonal(name: string, text: string): void {
  if (!hasLeft()) keep(personal(name), text);
}

/** The persons who are signed in in this browser have a mark each; the last one is remembered for the next start. */
const LAST = "account";
const mark = (id: string) => `${LAST} ${id}`;

export interface Account {
  /** Issuer and subject. */
  id: string;
  name: string;
}

/** Whose mark this window has made: where the browser keeps none, a missing one tells nothing. */
let marked: string | null = null;

export function rememberAccount({ id, name }: Account): void {
  if (keep(mark(id), name) && keep(LAST, id)) marked = id;
}

/** Whether the person of this window has signed out, be it in another one. */
export function hasLeft(id: string | null = current): boolean {
  return id !== null && id === marked && kept(mark(id)) === null;
}

export function knownAccount(id: string | null = kept(LAST)): Account | null {
  const name = id === null ? null : kept(mark(id));
  return id === null || name === null ? null : { id, name };
}

/** Forget that a person was signed in, and what is kept of them beside the database. Other windows hear of it. */
export function forgetAccount(id: string): void {
  for (const name of names()) if (name !== mark(id) && name.endsWith(` ${id}`)) keep(name, null);
  if (kept(LAST) === id) keep(LAST, null);
  keep(mark(id), null);
  leaveWindow();
}

/** Call back when another window signs a person out, or did so while this one slept. Returns how to stop. */
export function watchAccount(id: string, onSignedOut: () => void): () => void {
  const stop = new AbortController();
  const look = () => {
    if (stop.signal.aborted || !hasLeft(id)) return;
    stop.abort();
    onSignedOut();
  };
  addEventListener("storage", look, stop);
  addEventListener("pageshow", look, stop);
  document.addEventListener("visibilitychange", look, stop);
  return () => stop.abort();
}
