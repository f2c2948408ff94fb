import { Database } from "@/store/database";
import { Engine, type EngineOptions } from "@/store/engine";
import { browserTabs } from "@/store/tabs";

type Held = { name: string; tab: string; free: () => void };
type Wanted = { name: string; tab: string; take: () => void };

/** The locks of a browser, and its tabs, which can be killed. */
export class Browser {
  private held: Held[] = [];
  private wanted: Wanted[] = [];

  /** Open a tab: a page of its own over the database that all of them share. */
  async open(tab: string, options: EngineOptions = {}, name = "shared"): Promise<Engine> {
    const engine = new Engine({ tabs: browserTabs(tab, this.locks(tab)), ...options });
    await engine.keepIn(() => Database.open(name));
    return engine;
  }

  /** End a tab as the system does: it says nothing, and its locks are free. */
  kill(tab: string, engine: Engine): void {
    engine.stop();
    this.wanted = this.wanted.filter((one) => one.tab !== tab);
    for (const one of this.held.filter((each) => each.tab === tab)) one.free();
  }

  private locks(tab: string): LockManager {
    return {
      request: (name: string, work: () => Promise<void>) =>
        new Promise<void>((resolve) => {
          const take = () => {
            const lock = { name, tab, free: () => this.free(lock) };
            this.held.push(lock);
            void work().then(resolve);
          };
          if (this.held.some((lock) => lock.name === name)) this.wanted.push({ name, tab, take });
          else take();
        }),
      query: async () => ({ held: this.held.map(({ name }) => ({ name })), pending: [] }),
    } as unknown as LockManager;
  }

  private free(lock: Held): void {
    this.held = this.held.filter((one) => one !== lock);
    const next = this.wanted.find(({ name }) => name === lock.name);
    this.wanted = this.wanted.filter((one) => one !== next);
    next?.take();
  }
}

/** A disk that may have no space: what is put on it then aborts its transaction, as browsers do. */
export class Disk {
  full = false;
  /** What may be put there though it is full: by the name of its store. */
  spares = new Set<string>();

  constructor() {
    const disk = this;
    const put = IDBObjectStore.prototype.put;
    jest.spyOn(IDBObjectStore.prototype, "put").mockImplementation(function (this: IDBObjectStore, ...value) {
      const request = put.apply(this, value);
      if (disk.full && !disk.spares.has(this.name))
        (this.transaction as IDBTransaction & { _abort: (name: string) => void })._abort("QuotaExceededError");
      return request;
    });
  }
}
