import { readFileSync } from "node:fs";

type Answer = { status: number; text: string };
type Handler = (event: object) => void;

/** A cache as the worker uses it: whole addresses, and what was put there. */
class FakeCache extends Map<string, Answer> {
  constructor(private readonly fetch: (address: string) => Promise<Answer>) {
    super();
  }
  async put(address: string, answer: Answer): Promise<void> {
    this.set(address, answer);
  }
  async addAll(addresses: string[]): Promise<void> {
    for (const address of addresses) this.set(address, await this.fetch(address));
  }
}

export interface Build {
  version: string;
  page: string;
  files: string[];
}

/** The browser that service workers run in, one after the other: its caches, and a network that answers or does not. */
export class WorkerBrowser {
  readonly stored = new Map<string, FakeCache>();
  network: (address: string) => Promise<Answer> = async () => ({ status: 404, text: "" });
  readonly opened: string[] = [];
  /** How often a worker asked for the preload of navigations. */
  preloads = 0;
  readonly told: unknown[] = [];
  windows: { postMessage: (message: unknown) => void; focus: () => void }[] = [];

  /** Run `public/sw.js` as a build finished it; returns what gives it an event, and what that is answered with. */
  run({ version, page, files }: Build): (type: string, event?: object) => Promise<Answer | undefined> {
    const handlers = new Map<string, Handler>();
    const script = readFileSync("public/sw.js", "utf8")
      .replace("__VERSION__", version)
      .replace("__PAGE__", page)
      .replace('["__FILES__"]', JSON.stringify(files));
    const self = {
      addEventListener: (type: string, handler: Handler) => handlers.set(type, handler),
      skipWaiting: async () => {},
      registration: { navigationPreload: { enable: async () => void this.preloads++ } },
      clients: {
        claim: async () => {},
        matchAll: async () => this.windows,
        openWindow: async (address: string) => this.opened.push(address),
      },
    };
    const fetch = (request: string | { url: string }) =>
      this.network(typeof request === "string" ? request : new URL(request.url).pathname);
    new Function("self", "caches", "fetch", "location", script)(self, this.caches(), fetch, { origin: "http://page" });
    return async (type, event = {}) => {
      let answered: Promise<Answer> | undefined;
      let done: Promise<unknown> = Promise.resolve();
      handlers.get(type)?.({
        ...event,
        waitUntil: (work: Promise<unknown>) => {
          done = work;
        },
        respondWith: (answer: Promise<Answer>) => {
          answered = answer;
        },
      });
      await done;
      return answered;
    };
  }

  private caches() {
    const { stored } = this;
    const find = (request: string | { url: string }, { cacheName }: { cacheName?: string } = {}) => {
      const address = typeof request === "string" ? request : new URL(request.url).pathname;
      const among = cacheName ? [stored.get(cacheName)] : [...stored.values()];
      return among.find((cache) => cache?.has(address))?.get(address);
    };
    return {
      open: async (name: string) => {
        const cache = stored.get(name) ?? new FakeCache((address) => this.network(address));
        stored.set(name, cache);
        return cache;
      },
      keys: async () => [...stored.keys()],
      delete: async (name: string) => stored.delete(name),
      match: async (request: string | { url: string }, options?: { cacheName?: string }) => find(request, options),
    };
  }
}
