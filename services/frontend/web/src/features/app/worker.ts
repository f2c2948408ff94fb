import { useEffect } from "react";
import { useTranslations } from "use-intl";
import { go } from "@/lib/address";
import { say } from "../toasts/toasts";
import { useApp } from "./context";

const HOUR_MS = 3_600_000;
const REST_MS = 1_000;

/** Keep the page on the device, and say when a newer one has taken its place there. */
export function useKeptPage(): void {
  const t = useTranslations("app");
  const { settled } = useApp().session;
  useEffect(() => {
    if (process.env.NODE_ENV !== "production") return; // while one works on it, each load shall be the newest
    return keepPage(settled, () =>
      say(t("updated"), { stays: true, action: { label: t("reload"), run: () => location.reload() } }),
    );
  }, [settled, t]);
}

/**
 * Keep the page for when there is no network, which waits until it is at rest, and follow where a notification of the
 * browser leads. Returns how to stop.
 */
export function keepPage(settled: Promise<void>, onUpdate: () => void): () => void {
  const workers = navigator.serviceWorker;
  if (!workers) return () => {}; // an address that the browser does not call secure
  const stop = new AbortController();
  const { signal } = stop;
  const register = () =>
    void workers
      .register("/sw.js")
      .then((registration) => watch(registration, signal))
      .catch(() => {}); // refused: the page works, with a network
  void settled.then(() => setTimeout(() => signal.aborted || register(), REST_MS));

  let before = workers.controller;
  const taken = () => {
    if (before) onUpdate();
    before = workers.controller;
  };
  workers.addEventListener("controllerchange", taken, { signal });
  const heard = ({ data }: MessageEvent) => data?.type === "go" && go(data.address);
  workers.addEventListener("message", heard, { signal });
  return () => stop.abort();
}

/** A window that stays open for days asks for a newer page when it is looked at again. */
function watch(registration: ServiceWorkerRegistration, signal: AbortSignal): void {
  let asked = Date.now();
  const seen = () => {
    if (document.visibilityState !== "visible" || Date.now() - asked < HOUR_MS) return;
    asked = Date.now();
    void registration.update().catch(() => {}); // no network: later
  };
  document.addEventListener("visibilitychange", seen, { signal });
}
