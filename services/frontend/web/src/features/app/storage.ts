import { useEffect } from "react";
import { useTranslations } from "use-intl";
import { dismiss, say } from "../toasts/toasts";
import { useEngine, useShown } from "./context";

/** Tell when the device no longer keeps what is changed, and when it does again; nothing is lost without a question. */
export function useStorageNews(): void {
  const t = useTranslations("storage");
  const engine = useEngine();
  const storage = useShown((shown) => shown.storage);
  useEffect(() => {
    if (storage === "kept") return;
    const said = say(t(storage), { tone: "danger", stays: true });
    return () => dismiss(said);
  }, [storage, t]);
  useEffect(
    () =>
      engine.store.subscribe((now, before) => {
        if (now.storage === "kept" && before.storage !== "kept") say(t("back"));
      }),
    [engine, t],
  );
  useEffect(() => {
    const ask = (event: Event) => engine.isAtRisk && event.preventDefault();
    addEventListener("beforeunload", ask);
    return () => removeEventListener("beforeunload", ask);
  }, [engine]);
}
