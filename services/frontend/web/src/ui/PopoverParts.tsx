import { Popover as Radix } from "radix-ui";
import type { ReactElement, ReactNode } from "react";
import styles from "./Popover.module.css";

interface PopoverProps {
  trigger: ReactElement<React.ComponentProps<"button">>;
  label: string;
  children: ReactNode;
  align?: "start" | "center" | "end";
  /** Where its content closes it: whether it is open, and what hears that it shall be. */
  open?: boolean;
  onOpenChange?: (open: boolean) => void;
}

/** It is open when it first shows: what is not opened is not even loaded. */
export function Popover({ trigger, label, children, align = "end", open, onOpenChange }: PopoverProps) {
  const control = open === undefined ? { defaultOpen: true } : { open };
  return (
    <Radix.Root {...control} {...(onOpenChange ? { onOpenChange } : {})}>
      <Radix.Trigger asChild>{trigger}</Radix.Trigger>
      <Radix.Portal>
        <Radix.Content className={styles.popover} align={align} sideOffset={6} collisionPadding={10} aria-label={label}>
          {children}
        </Radix.Content>
      </Radix.Portal>
    </Radix.Root>
  );
}
