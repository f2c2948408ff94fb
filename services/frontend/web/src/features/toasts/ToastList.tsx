import { X } from "lucide-react";
import { Toast as Radix } from "radix-ui";
import { useTranslations } from "use-intl";
import { useStore } from "zustand";
import { Button, IconButton } from "@/ui/Button";
import styles from "./Toasts.module.css";
import { dismiss, toasts } from "./toasts";

const SHOWN_MS = 6_000;

/** All toasts, the latest last; they leave by themselves. */
export default function ToastList() {
  const t = useTranslations("app");
  const shown = useStore(toasts, (state) => state.shown);
  return (
    <Radix.Provider swipeDirection="down">
      {shown.map(({ id, text, tone, action, stays }) => (
        <Radix.Root
          key={id}
          className={`${styles.toast} ${styles[tone]}`}
          duration={stays ? Number.POSITIVE_INFINITY : SHOWN_MS}
          onOpenChange={(open) => open || dismiss(id)}
        >
          <Radix.Description className={styles.text} dir="auto">
            {text}
          </Radix.Description>
          {action ? (
            <Radix.Action altText={action.label} asChild>
              <Button tone="ghost" className={styles.action} onClick={action.run}>
                {action.label}
              </Button>
            </Radix.Action>
          ) : null}
          <Radix.Close asChild>
            <IconButton label={t("close")} icon={<X size={15} />} className={styles.close} />
          </Radix.Close>
        </Radix.Root>
      ))}
      <Radix.Viewport data-passing className={styles.viewport} label={t("messages", { hotkey: "{hotkey}" })} />
    </Radix.Provider>
  );
}
