import { createStore } from "zustand/vanilla";

export interface Toast {
  id: number;
  text: string;
  tone: "plain" | "danger";
  action: { label: string; run: () => void } | null;
  /** Until the person answers it. */
  stays: boolean;
}

/** What is said at the foot of the page for a moment; the latest three. */
export const toasts = createStore<{ shown: readonly Toast[] }>(() => ({ shown: [] }));

const MOST = 3;
let last = 0;

/** Say something; returns what it is dismissed by. */
export function say(text: string, options: Partial<Pick<Toast, "tone" | "action" | "stays">> = {}): number {
  const toast: Toast = { tone: "plain", action: null, stays: false, ...options, id: ++last, text };
  toasts.setState(({ shown }) => ({ shown: [...shown, toast].slice(-MOST) }));
  return toast.id;
}

export function dismiss(id: number): void {
  toasts.setState(({ shown }) => ({ shown: shown.filter((toast) => toast.id !== id) }));
}
