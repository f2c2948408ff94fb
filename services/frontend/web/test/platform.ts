/** What a call is answered with: a document, or a status with one. */
export type Answer = object | [status: number, document?: object];
type Handler = (body: unknown, url: URL) => Answer;

export interface Heard {
  call: string;
  body: unknown;
}

/**
 * Stand in for the platform: `"GET /api/me": () => ({…})`. The path's last part may be `*`.
 * Returns the calls that were heard, in their order. A call that no handler knows is a 404.
 */
export function fakePlatform(handlers: Record<string, Handler>): Heard[] {
  const heard: Heard[] = [];
  globalThis.fetch = (async (path: string, { method = "GET", body }: RequestInit = {}) => {
    const url = new URL(path, "http://localhost");
    const call = `${method} ${url.pathname}`;
    const sent: unknown = typeof body === "string" ? JSON.parse(body) : null;
    heard.push({ call: call + url.search, body: sent });
    const found =
      handlers[call] ?? handlers[call.replace(/[^/]+$/, "*")] ?? handlers[call.replace(/[^/]+(\/[^/]+)$/, "*$1")];
    const answer = found?.(sent, url) ?? [404, { title: "Not Found", status: 404, detail: `no ${call}` }];
    const [status, document] = Array.isArray(answer) ? answer : [200, answer];
    return {
      ok: status < 400,
      status,
      statusText: "",
      headers: new Headers(),
      json: async () => document,
    };
  }) as unknown as typeof fetch;
  return heard;
}
