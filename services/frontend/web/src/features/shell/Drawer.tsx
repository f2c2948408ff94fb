import { Dialog as Radix } from "radix-ui";
import { useTranslations } from "use-intl";
import { Sidebar } from "./Sidebar";
import styles from "./Sidebar.module.css";

/** On a phone: the whole sidebar, over the list. */
export default function Drawer({ open, onClose }: { open: boolean; onClose: () => void }) {
  const t = useTranslations("app");
  return (
    <Radix.Root open={open} onOpenChange={(to) => to || onClose()}>
      <Radix.Portal>
        <Radix.Overlay className={styles.overlay} />
        <Radix.Content
          className={styles.drawer}
          aria-describedby={undefined}
          onOpenAutoFocus={(event) => {
            event.preventDefault(); // the first control would show its tooltip over the views
            (event.currentTarget as HTMLElement).focus();
          }}
        >
          <Radix.Title className="hidden-visually">{t("menu")}</Radix.Title>
          <Sidebar onFollow={onClose} />
        </Radix.Content>
      </Radix.Portal>
    </Radix.Root>
  );
}
