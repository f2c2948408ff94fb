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

export function browserTabs(name: string): Tabs {
  const locks = navigator.locks;
  if (!locks) return loneTab(name);
  const prefix = `${personal("task-platform-tab")}-`;
  void locks.request(prefix + name, forever);
  return {
    name,
    async alive() {
      const { held = [] } = await locks.query();
      const names = held.flatMap((lock) => (lock.name?.startsWith(prefix) ? [lock.name.slice(prefix.length)] : []));
      return new Set([...names, name]);
    },
    keep(callback) {
      void locks.request(personal("task-platform-keeper"), () => {
        callback();
        return forever();
      });
    },
  };
}

/** A browser without locks: the tab takes itself for the only one. Keys of idempotency keep a second one harmless. */
export function loneTab(name: string): Tabs {
  return { name, alive: async () => new Set([name]), keep: (callback) => callback() };
}
