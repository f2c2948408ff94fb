import { createStore } from "zustand/vanilla";

/** Windows that keys open over every view. */
export type Panel = "help" | "palette";

interface Panels {
  open: Panel | null;
  /** What had the focus before: it gets it back. */
  origin: HTMLElement | null;
  toggle: (panel: Panel) => void;
  close: () => void;
}

export const panels = createStore<Panels>((set) => ({
  open: null,
  origin: null,
  toggle: (panel) =>
    set(({ open, origin }) => ({
      open: open === panel ? null : panel,
      origin: open ? origin : document.activeElement instanceof HTMLElement ? document.activeElement : null,
    })),
  close: () => set({ open: null }),
}));
