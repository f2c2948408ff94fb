import { personal } from "@/lib/account";

/**
 * Which tab of a browser does what.
 *
 * Every tab holds a lock of its own name for as long as it lives, so that another can tell whose queued changes are left
 * behind; and one of them, the keeper, writes the tasks to the database that all of them read when they start.
 */
export interface Tabs {
  readonly name: string;
  /** The tabs that are alive. */
  alive(): Promise<ReadonlySet<string>>;
  /** Call back once this tab is the keeper. */
  keep(callback: () => void): void;
}

const forever = () => new Promise<void>(() => {});

export function browserTabs(name: string, locks: LockManager | undefined = navigator.locks): Tabs {
  if (!locks) return loneTab(name);
  const prefix = `${personal("task-platform-tab")}-`;
  const keeper = personal("task-platform-keeper");
  const held = new Promise<void>((resolve) => {
    const hold = () => {
      resolve();
      return forever();
    };
    locks.request(prefix + name, hold).catch(() => resolve()); // a browser that gives no locks to this page
  });
  return {
    name,
    async alive() {
      await held; // before that, others take what this tab has for left behind
      const all = (await locks.query().catch(() => null))?.held ?? [];
      const names = all.flatMap((lock) => (lock.name?.startsWith(prefix) ? [lock.name.slice(prefix.length)] : []));
      return new Set([...names, name]);
    },
    keep(callback) {
      const hold = () => {
        callback();
        return forever();
      };
      locks.request(keeper, hold).catch(callback);
    },
  };
}

/** A browser without locks: the tab takes itself for the only one. Idempotency keys keep a second one harmless. */
export function loneTab(name: string): Tabs {
  return { name, alive: async () => new Set([name]), keep: (callback) => callback() };
}
