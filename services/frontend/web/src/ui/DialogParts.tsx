import { X } from "lucide-react";
import { Dialog as Radix } from "radix-ui";
import type { ReactNode } from "react";
import { useTranslations } from "use-intl";
import { IconButton } from "./Button";
import styles from "./Dialog.module.css";

interface DialogProps {
  title: string;
  open: boolean;
  onClose: () => void;
  children: ReactNode;
  /** `sheet` covers a phone from below; `wide` has room for tables. */
  shape?: "plain" | "wide";
  /** Called once it is gone; it then says where the focus goes. */
  onClosed?: () => void;
}

/** A window over the page: it holds the focus until it is closed. */
export function Dialog({ title, open, onClose, children, shape = "plain", onClosed }: DialogProps) {
  const t = useTranslations("app");
  return (
    <Radix.Root open={open} onOpenChange={(to) => to || onClose()}>
      <Radix.Portal>
        <Radix.Overlay className={styles.overlay} />
        <Radix.Content
          className={`${styles.dialog} ${styles[shape]}`}
          aria-describedby={undefined}
          onOpenAutoFocus={focusBody}
          onCloseAutoFocus={(event) => {
            if (!onClosed) return;
            event.preventDefault();
            onClosed();
          }}
        >
          <header className={styles.header}>
            <Radix.Title className={styles.title}>{title}</Radix.Title>
            <Radix.Close asChild>
              <IconButton label={t("close")} icon={<X size={18} />} />
            </Radix.Close>
          </header>
          <div className={styles.body} data-body>
            {children}
          </div>
        </Radix.Content>
      </Radix.Portal>
    </Radix.Root>
  );
}

/** What a window is for takes the focus, not the way out of it, which comes first in it. */
function focusBody(event: Event): void {
  const body = (event.target as HTMLElement).querySelector("[data-body]");
  const found = body?.querySelector("input, select, textarea, button") ?? body?.querySelector("[tabindex]");
  if (!(found instanceof HTMLElement)) return;
  event.preventDefault();
  found.focus();
}
