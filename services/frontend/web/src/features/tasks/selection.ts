import { createStore } from "zustand/vanilla";

interface Selection {
  /** The tasks that are marked for something done with all of them. */
  ids: ReadonlySet<string>;
  /** Whether a tap marks a task, and does not open it: where there is no Ctrl to hold. */
  choosing: boolean;
  /** The task that keys act on. */
  active: string | null;
  toggle: (id: string) => void;
  add: (ids: Iterable<string>) => void;
  choose: () => void;
  /** Mark none, and end the marking by taps. */
  clear: () => void;
  activate: (id: string | null) => void;
}

export const selection = createStore<Selection>((set) => ({
  ids: new Set(),
  choosing: false,
  active: null,
  toggle: (id) =>
    set(({ ids }) => {
      const next = new Set(ids);
      if (!next.delete(id)) next.add(id);
      return { ids: next, active: id };
    }),
  add: (more) => set(({ ids }) => ({ ids: new Set([...ids, ...more]) })),
  choose: () => set({ choosing: true }),
  clear: () => set({ ids: new Set(), choosing: false }),
  activate: (active) => set({ active }),
}));
