import { call, setTokenSource } from "@/api/http";
import { type Held, Keeper, Refused } from "./keeper";

const MINUTE = 60_000;

function keeper(lasts: number, renewals: (Held | Error)[]) {
  let asked = 0;
  const renew = async () => {
    const next = renewals[asked++];
    if (!next || next instanceof Error) throw next ?? new Refused("no more");
    return next;
  };
  const found = new Keeper({ held: held("first", lasts), standing: "in", renew });
  return { keeper: found, asked: () => asked };
}

const held = (access: string, lasts: number): Held => ({ access, expires: Date.now() + lasts });
const after = (milliseconds: number) => jest.advanceTimersByTimeAsync(milliseconds);

beforeEach(() => void jest.useFakeTimers());
afterEach(() => {
  setTokenSource(null);
  jest.useRealTimers();
});

test("a token is renewed by itself a minute before it expires", async () => {
  const { keeper: kept, asked } = keeper(10 * MINUTE, [held("second", 20 * MINUTE)]);
  await after(9 * MINUTE - 1_000);
  expect([await kept.token(), asked()]).toEqual(["first", 0]);
  await after(2_000);
  expect([await kept.token(), asked()]).toEqual(["second", 1]);
  expect(kept.stand.getState().standing).toBe("in");
  kept.stop();
});

test("calls that come at once wait for one renewal, since a refresh token is good for one", async () => {
  const { keeper: kept, asked } = keeper(-1, [held("second", MINUTE)]);
  expect(await Promise.all([kept.token(), kept.token(), kept.refused("first")])).toEqual([
    "second",
    "second",
    "second",
  ]);
  expect(asked()).toBe(1);
  kept.stop();
});

test("a renewal that is refused ends the sign-in; one that does not arrive is tried again", async () => {
  const { keeper: kept, asked } = keeper(30_000, [new TypeError("no network"), new Refused("invalid_grant")]);
  await after(21_000);
  expect([kept.stand.getState().standing, asked()]).toEqual(["in", 1]);
  await after(10_000);
  expect([kept.stand.getState().standing, asked()]).toEqual(["ended", 2]);
});

test("a token that is still good is used where its renewal does not arrive", async () => {
  const { keeper: kept } = keeper(30_000, [new TypeError("no network"), new TypeError("no network")]);
  await after(21_000);
  expect(await kept.token()).toBe("first");
  kept.stop();
});

test("without a network a call fails as one without an answer, and the sign-in goes on with the network", async () => {
  const { keeper: kept } = keeper(-1, [new TypeError("no network"), held("second", MINUTE)]);
  await expect(kept.token()).rejects.toMatchObject({ name: "NetworkError" });
  expect(kept.stand.getState().standing).toBe("in");
  await after(10_000);
  expect(await kept.token()).toBe("second");
  kept.stop();
});

test("once it has ended, calls fail with 401 and nothing is asked any more", async () => {
  const { keeper: kept, asked } = keeper(-1, []);
  await expect(kept.token()).rejects.toMatchObject({ name: "ApiError", status: 401 });
  await expect(kept.token()).rejects.toMatchObject({ status: 401 });
  expect(asked()).toBe(1);
  expect(kept.stand.getState()).toEqual({ standing: "ended", detail: null });
  await after(MINUTE);
  expect(asked()).toBe(1);
});

/** A platform that takes some tokens; returns those that it was given. */
function platform(takes: string[]): (string | null)[] {
  const given: (string | null)[] = [];
  globalThis.fetch = (async (_: string, { headers }: RequestInit) => {
    const bearer = new Headers(headers).get("Authorization");
    given.push(bearer);
    const good = takes.includes(bearer?.replace("Bearer ", "") ?? "");
    const document = good ? { ok: true } : { detail: "The token is not accepted: Signature has expired." };
    return { ok: good, status: good ? 200 : 401, headers: new Headers(), statusText: "", json: async () => document };
  }) as unknown as typeof fetch;
  return given;
}

test("a call that is answered with 401 is repeated once with a renewed token", async () => {
  const { keeper: kept } = keeper(10 * MINUTE, [held("second", 10 * MINUTE)]);
  setTokenSource(kept);
  const given = platform(["second"]);
  expect(await call("GET", "/api/me")).toEqual({ ok: true });
  expect(given).toEqual(["Bearer first", "Bearer second"]);
  kept.stop();
});

test("a renewed token that the platform refuses too ends the sign-in, with its words", async () => {
  const { keeper: kept, asked } = keeper(10 * MINUTE, [held("second", 10 * MINUTE)]);
  setTokenSource(kept);
  const given = platform([]);
  await expect(call("GET", "/api/me")).rejects.toMatchObject({ status: 401 });
  expect(kept.stand.getState()).toMatchObject({ standing: "ended", detail: expect.stringContaining("expired") });
  await expect(call("GET", "/api/me")).rejects.toMatchObject({ status: 401 });
  expect([given.length, asked()]).toEqual([2, 1]);
});
