import { createStore } from "zustand/vanilla";

interface Selection {
  /** The tasks that are marked for something done with all of them. */
  ids: ReadonlySet<string>;
  /** The task that keys act on. */
  active: string | null;
  toggle: (id: string) => void;
  add: (ids: Iterable<string>) => void;
  clear: () => void;
  activate: (id: string | null) => void;
}

export const selection = createStore<Selection>((set) => ({
  ids: new Set(),
  active: null,
  toggle: (id) =>
    set(({ ids }) => {
      const next = new Set(ids);
      if (!next.delete(id)) next.add(id);
      return { ids: next, active: id };
    }),
  add: (more) => set(({ ids }) => ({ ids: new Set([...ids, ...more]) })),
  clear: () => set({ ids: new Set() }),
  activate: (active) => set({ active }),
}));
