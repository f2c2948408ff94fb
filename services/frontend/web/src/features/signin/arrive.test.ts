import { knownAccount, rememberAccount } from "@/lib/account";
import { startOver } from "@/lib/reload";
import { Database } from "@/store/database";
import { arrive } from "./arrive";
import type { Arrival, Auth, Out } from "./auth";
import { type Back, type Person, Provider } from "./provider";

jest.mock("@/lib/reload", () => ({ startOver: jest.fn() }));

const SETTINGS = { issuer: "https://id.example.com", client_id: "page", scope: "openid", audience: "tasks" };
const ANNA = person("Anna");
const BEN = person("Ben");

function person(name: string): Person {
  return { account: { id: `${SETTINGS.issuer} ${name}`, name }, access: `of ${name}`, expires: Date.now() + 3_600_000 };
}

/** A provider that stands for one of these cases; what was asked of it is in `asked`. */
class Fake extends Provider {
  readonly asked: string[] = [];
  kept: Person | null = null;
  back: Partial<Back> = {};
  reachable = true;
  ends = true;

  constructor() {
    super(SETTINGS);
  }
  override stored = async () => this.kept;
  override isReachable = async () => this.reachable;
  override finish = async () => ({ person: null, reason: null, view: "/today", ...this.back });
  override begin = async (view: string, silent: boolean) => {
    this.asked.push(`${silent ? "silent" : "asking"} ${view}`);
    throw new Error("the page is left");
  };
  override forget = async () => {
    this.kept = null;
    this.asked.push("forget");
  };
  override leave = async () => {
    this.asked.push("leave");
    return this.ends;
  };
}

const authOf = (arrival: Arrival) => (arrival as { auth: Auth }).auth;
const outOf = (arrival: Arrival) => (arrival as { out: Out }).out;

beforeEach(async () => {
  localStorage.clear();
  dispatchEvent(new Event("storage")); // windows of the test before follow that
  await new Promise((resolve) => setTimeout(resolve));
  sessionStorage.clear();
  history.replaceState(null, "", "/tags/home?q=milk");
  Object.defineProperty(globalThis, "isSecureContext", { configurable: true, value: true });
  jest.mocked(startOver).mockClear();
});

async function signedIn(fake: Fake, who: Person): Promise<Auth> {
  fake.back = { person: who, view: "/all" };
  history.replaceState(null, "", "/signed-in?code=c&state=s");
  return authOf(await arrive(SETTINGS, fake));
}

test("whom nobody knows is shown the way in, and is asked at the provider about the view they were at", async () => {
  const fake = new Fake();
  const out = outOf(await arrive(SETTINGS, fake));
  expect(out.reason).toBeNull();
  await expect(out.signIn?.()).rejects.toThrow("left");
  expect(fake.asked).toContain("asking /tags/home?q=milk");
});

test("the address is left alone until React has taken the page over, which would put it back", async () => {
  const fake = new Fake();
  fake.back = { reason: { kind: "denied" }, view: "/upcoming" };
  history.replaceState(null, "", "/signed-in?error=access_denied&state=s");
  let takeOver = () => {};
  const arrived = arrive(SETTINGS, fake, new Promise((resolve) => (takeOver = resolve)));
  await new Promise((resolve) => setTimeout(resolve));
  expect(location.pathname).toBe("/signed-in");
  takeOver();
  expect(outOf(await arrived).reason).toEqual({ kind: "denied" });
  expect(location.pathname).toBe("/upcoming");
});

test("who comes back is at the view where they began, and signed in", async () => {
  const auth = await signedIn(new Fake(), ANNA);
  expect(location.pathname).toBe("/all");
  expect([auth.name, await auth.token()]).toEqual(["Anna", "of Anna"]);
  expect(knownAccount()).toEqual(ANNA.account);
});

test("a new window of who is signed in asks the provider in silence; with nobody at home there it shows the way in", async () => {
  rememberAccount(ANNA.account);
  const fake = new Fake();
  await expect(arrive(SETTINGS, fake)).rejects.toThrow("left");
  expect(fake.asked).toEqual(["forget", "silent /tags/home?q=milk"]);
  history.replaceState(null, "", "/signed-in?error=login_required&state=s");
  fake.back = { view: "/tags/home?q=milk" };
  expect(outOf(await arrive(SETTINGS, fake)).reason).toBeNull();
  expect(location.search).toBe("?q=milk");
});

test("without the provider who was signed in reads on under their own name, and is not asked to wait for it", async () => {
  rememberAccount(ANNA.account);
  const fake = new Fake();
  fake.reachable = false;
  const auth = authOf(await arrive(SETTINGS, fake));
  expect([auth.name, auth.stand.getState().standing]).toEqual(["Anna", "away"]);
  await expect(auth.signIn()).rejects.toThrow("unreachable");
});

test("tokens that a browser restored after a sign-out are worth nothing", async () => {
  const fake = new Fake();
  fake.kept = ANNA;
  expect(outOf(await arrive(SETTINGS, fake))).toBeDefined();
  expect(fake.kept).toBeNull();
});

test("what one person keeps on the device is under their name, and leaves with them alone", async () => {
  const stores = async () => (await indexedDB.databases()).map(({ name }) => name).sort();
  const anna = new Fake();
  const auth = await signedIn(anna, ANNA);
  (await Database.open()).close();
  await signedIn(new Fake(), BEN);
  (await Database.open()).close();
  localStorage.setItem(`me ${ANNA.account.id}`, "{}");
  localStorage.setItem(`me ${BEN.account.id}`, "{}");
  expect(await stores()).toEqual([`task-platform ${ANNA.account.id}`, `task-platform ${BEN.account.id}`]);
  await signedIn(anna, ANNA);
  await auth.signOut();
  expect(anna.asked).toContain("leave");
  expect(await stores()).toEqual([`task-platform ${BEN.account.id}`]);
  expect(JSON.stringify(localStorage)).not.toContain("Anna");
  expect(localStorage.getItem(`me ${BEN.account.id}`)).toBe("{}");
});

test("a provider that cannot end its session leaves one who is signed out here, and told so", async () => {
  const fake = new Fake();
  fake.ends = false;
  const auth = await signedIn(fake, ANNA);
  await auth.signOut();
  expect(startOver).toHaveBeenCalledTimes(1);
  expect(outOf(await arrive(SETTINGS, new Fake())).reason).toEqual({ kind: "signedOutHere" });
  expect(outOf(await arrive(SETTINGS, new Fake())).reason).toBeNull();
});

test("a sign-out in another window is followed at once, and by one that slept when it is looked at", async () => {
  for (const news of [
    () => dispatchEvent(new Event("storage")),
    () => document.dispatchEvent(new Event("visibilitychange")),
  ]) {
    const fake = new Fake();
    await signedIn(fake, ANNA);
    dispatchEvent(new Event("storage"));
    expect(startOver).not.toHaveBeenCalled();
    localStorage.removeItem(`account ${ANNA.account.id}`);
    news();
    await new Promise((resolve) => setTimeout(resolve));
    expect(fake.asked).toEqual(["forget"]);
    expect(startOver).toHaveBeenCalledTimes(1);
    jest.mocked(startOver).mockClear();
    expect(outOf(await arrive(SETTINGS, new Fake())).reason).toEqual({ kind: "signedOutElsewhere" });
  }
});

test.each([
  [{ ...SETTINGS, client_id: null }, true, "noClient"],
  [SETTINGS, false, "insecure"],
] as const)("where signing in cannot work, that is said and no way offered", async (settings, secure, kind) => {
  Object.defineProperty(globalThis, "isSecureContext", { configurable: true, value: secure });
  expect(outOf(await arrive(settings, new Fake()))).toMatchObject({ reason: { kind }, signIn: null });
});
