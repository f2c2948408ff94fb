import { webcrypto } from "node:crypto";
import { Provider } from "./provider";

const ISSUER = "https://id.example.com";
const SETTINGS = { issuer: ISSUER, client_id: "page", scope: "openid", audience: "tasks" };

Object.defineProperty(globalThis, "crypto", { configurable: true, value: webcrypto });

interface Sent {
  url: string;
  form: URLSearchParams;
}

/** A provider's endpoints: every call to its token endpoint gets the next of these answers. */
function endpoints(...answers: object[]): Sent[] {
  const sent: Sent[] = [];
  globalThis.fetch = (async (url: string, { body }: RequestInit = {}) => {
    const discovered = {
      issuer: ISSUER,
      authorization_endpoint: `${ISSUER}/authorize`,
      token_endpoint: `${ISSUER}/token`,
    };
    const document = url.endsWith("openid-configuration") ? discovered : answers.shift();
    if (!document) throw new TypeError("Failed to fetch");
    if (body) sent.push({ url, form: new URLSearchParams(String(body)) });
    const ok = !("error" in document);
    const text = JSON.stringify(document);
    const headers = new Headers({ "Content-Type": "application/json" });
    return { ok, status: ok ? 200 : 400, statusText: "", headers, json: async () => document, text: async () => text };
  }) as unknown as typeof fetch;
  return sent;
}

const part = (content: object) => Buffer.from(JSON.stringify(content)).toString("base64url");
const jwt = (claims: object) =>
  `${part({ alg: "RS256" })}.${part({ iss: ISSUER, aud: "page", sub: "a", name: "Anna", ...claims })}.x`;

function tokens(claims: object, more: object = {}): object {
  return {
    access_token: "t",
    token_type: "Bearer",
    expires_in: 300,
    refresh_token: "r",
    id_token: jwt(claims),
    ...more,
  };
}

/** Leave for the provider; returns what it was asked. jsdom navigates nowhere, so that the request is read from its state. */
async function leave(provider: Provider, view: string): Promise<{ state: string; nonce: string; verifier: string }> {
  void provider.begin(view, false).catch(() => {});
  const key = () => Object.keys(sessionStorage).find((name) => name.startsWith("oidc.") && !name.includes("user:"));
  while (!key()) await new Promise((resolve) => setTimeout(resolve));
  const kept = JSON.parse(sessionStorage.getItem(key() ?? "") ?? "");
  return { state: kept.id, nonce: kept.nonce, verifier: kept.code_verifier };
}

const backAt = (state: string, more = "code=c") => `http://localhost/signed-in?state=${state}&${more}`;

beforeEach(() => {
  sessionStorage.clear();
  jest.spyOn(console, "error").mockImplementation(() => {}); // jsdom says that it does not navigate
});

test("a code is exchanged with the verifier that belongs to it, and leads back to the view", async () => {
  const provider = new Provider(SETTINGS);
  endpoints();
  const { state, verifier, nonce } = await leave(provider, "/tags/home?q=milk");
  const exchanged = endpoints(tokens({ nonce }));
  const back = await provider.finish(backAt(state));
  expect(back).toMatchObject({ reason: null, view: "/tags/home?q=milk" });
  expect(back.person).toMatchObject({ access: "t", account: { id: `${ISSUER} a`, name: "Anna" } });
  expect(exchanged[0]?.form.get("code_verifier")).toBe(verifier);
  expect(verifier.length).toBeGreaterThanOrEqual(43);
  expect(JSON.stringify(localStorage)).not.toContain("access_token");
});

test.each([
  ["a nonce of another sign-in", { nonce: "other" }],
  ["another issuer", { iss: "https://evil.example.com" }],
  ["another client", { aud: "other" }],
])("a token with %s is not taken", async (_, wrong) => {
  const provider = new Provider(SETTINGS);
  endpoints();
  const { state, nonce } = await leave(provider, "/today");
  endpoints(tokens({ nonce, ...wrong }));
  expect(await provider.finish(backAt(state))).toMatchObject({ person: null, reason: { kind: "mismatch" } });
  expect(await provider.stored()).toBeNull();
});

test("an answer to a question that this window did not ask is not taken", async () => {
  endpoints(tokens({}));
  expect(await new Provider(SETTINGS).finish(backAt("unknown"))).toMatchObject({
    person: null,
    reason: { kind: "mismatch" },
  });
});

test.each([
  ["access_denied", "denied"],
  ["temporarily_unavailable", "busy"],
  ["invalid_scope", "misconfigured"],
  ["something_new", "failed"],
])("the provider's error %s is told as %s, at the view", async (error, kind) => {
  const provider = new Provider(SETTINGS);
  endpoints();
  const { state } = await leave(provider, "/all");
  const back = await provider.finish(backAt(state, `error=${error}&error_description=Why`));
  expect(back).toMatchObject({ person: null, reason: { kind }, view: "/all" });
});

test("the provider knowing nobody is no error", async () => {
  const provider = new Provider(SETTINGS);
  endpoints();
  const { state } = await leave(provider, "/all");
  expect(await provider.finish(backAt(state, "error=login_required"))).toMatchObject({ reason: null });
});

test("a network that breaks on the way back is told as such", async () => {
  const provider = new Provider(SETTINGS);
  endpoints();
  const { state } = await leave(provider, "/all");
  endpoints();
  expect(await provider.finish(backAt(state))).toMatchObject({ reason: { kind: "unreachable" } });
});

test("renewal uses each refresh token once, keeps the new one, and tells a refusal from a network that is away", async () => {
  const provider = new Provider(SETTINGS);
  endpoints();
  const { state, nonce } = await leave(provider, "/all");
  const sent = endpoints(
    tokens({ nonce }),
    tokens({}, { access_token: "t2", refresh_token: "r2" }),
    tokens({}, { access_token: "t3" }),
  );
  await provider.finish(backAt(state));
  expect([(await provider.renew()).access, (await provider.renew()).access]).toEqual(["t2", "t3"]);
  expect(sent.slice(1).map(({ form }) => form.get("refresh_token"))).toEqual(["r", "r2"]);
  await expect(provider.renew()).rejects.toMatchObject({ name: "TypeError" });
  endpoints({ error: "temporarily_unavailable" });
  await expect(provider.renew()).rejects.toMatchObject({ name: "ErrorResponse" });
  endpoints({ error: "invalid_grant" });
  await expect(provider.renew()).rejects.toMatchObject({ name: "Refused" });
});
