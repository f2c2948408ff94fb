import { keep, kept } from "@/lib/device";

/** What the platform says of its sign-in at /config.json; null: it has none. */
export interface SignInSettings {
  issuer: string;
  /** null: the operator named no client for the page. */
  client_id: string | null;
  scope: string;
  audience: string;
}

const KEPT = "sign-in";

declare global {
  /** The first answer, which the head of the page asks for while the scripts are loaded. */
  var earlySettings: Promise<Response> | undefined;
}

function remembered(): SignInSettings | null | undefined {
  try {
    const text = kept(KEPT);
    return text ? (JSON.parse(text) as SignInSettings | null) : undefined;
  } catch {
    return undefined;
  }
}

async function ask(): Promise<SignInSettings | null> {
  const early = globalThis.earlySettings;
  globalThis.earlySettings = undefined;
  const answer = await (early ?? fetch("/config.json", { cache: "no-store" }));
  if (!answer.ok) throw new Error(`config.json: ${answer.status}`);
  const { sign_in: found } = (await answer.json()) as { sign_in: SignInSettings | null };
  keep(KEPT, JSON.stringify(found)); // by a browser that keeps nothing it is asked each time
  return found;
}

/**
 * How people sign in: as the device remembers it, so that a start waits for no network, else as the platform says.
 * Where the platform says otherwise later, `onChange` is called.
 */
export async function learnSettings(onChange: () => void): Promise<SignInSettings | null> {
  const before = remembered();
  const asked = ask();
  const taken = before === undefined ? await asked.catch(() => null) : before;
  const compare = (now: SignInSettings | null) => {
    if (JSON.stringify(now) !== JSON.stringify(taken)) onChange();
  };
  const later = () => addEventListener("online", () => void ask().then(compare, later), { once: true });
  void asked.then(compare, later);
  return taken;
}
