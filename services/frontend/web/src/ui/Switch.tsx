import { Switch as Radix } from "radix-ui";
import styles from "./Switch.module.css";

interface SwitchProps {
  id?: string;
  label?: string;
  checked: boolean;
  onChange: (to: boolean) => void;
  disabled?: boolean;
}

/** Turns something on or off; its name is `label`, or a label element for its `id`. */
export function Switch({ id, label, checked, onChange, disabled = false }: SwitchProps) {
  const names = { ...(id ? { id } : {}), ...(label ? { "aria-label": label } : {}) };
  return (
    <Radix.Root {...names} className={styles.switch} checked={checked} onCheckedChange={onChange} disabled={disabled}>
      <Radix.Thumb className={styles.thumb} />
    </Radix.Root>
  );
}
