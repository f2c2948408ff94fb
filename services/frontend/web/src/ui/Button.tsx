import type { ComponentProps, ReactNode } from "react";
import styles from "./Button.module.css";
import { Tooltip } from "./Tooltip";

type Tone = "plain" | "primary" | "danger" | "ghost";

export function Button({ tone = "plain", className, ...rest }: ComponentProps<"button"> & { tone?: Tone }) {
  return <button type="button" {...rest} className={`${styles.button} ${styles[tone]} ${className ?? ""}`} />;
}

interface IconButtonProps extends ComponentProps<"button"> {
  label: string;
  icon: ReactNode;
  active?: boolean;
  /** The keys that do the same, shown beside the label. */
  keys?: string;
}

/** A button that shows an icon alone: its label is read out, and shown when it is pointed at. */
export function IconButton({ label, icon, active, keys, className, ...rest }: IconButtonProps) {
  return (
    <Tooltip text={label} {...(keys ? { keys } : {})}>
      <button
        type="button"
        aria-label={label}
        {...rest}
        className={`${styles.icon} ${active ? styles.active : ""} ${className ?? ""}`}
      >
        {icon}
      </button>
    </Tooltip>
  );
}
