import { createStore } from "zustand/vanilla";

export interface Toast {
  id: number;
  text: string;
  tone: "plain" | "danger";
  action: { label: string; run: () => void } | null;
}

/** What is said at the foot of the page for a moment; the latest three. */
export const toasts = createStore<{ shown: readonly Toast[] }>(() => ({ shown: [] }));

const MOST = 3;
let last = 0;

export function say(text: string, options: { tone?: Toast["tone"]; action?: Toast["action"] } = {}): void {
  const toast: Toast = { id: ++last, text, tone: options.tone ?? "plain", action: options.action ?? null };
  toasts.setState(({ shown }) => ({ shown: [...shown, toast].slice(-MOST) }));
}

export function dismiss(id: number): void {
  toasts.setState(({ shown }) => ({ shown: shown.filter((toast) => toast.id !== id) }));
}
