import { Popover as Radix } from "radix-ui";
import { type ReactElement, type ReactNode, useEffect, useEffectEvent, useState } from "react";
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
  const [own, setOwn] = useState(true);
  const change = (to: boolean) => {
    setOwn(to);
    onOpenChange?.(to);
  };
  return (
    <Radix.Root open={open ?? own} onOpenChange={change}>
      <Radix.Trigger asChild>{trigger}</Radix.Trigger>
      <Radix.Portal>
        <Radix.Content className={styles.popover} align={align} sideOffset={6} collisionPadding={10} aria-label={label}>
          <Escape onPress={() => change(false)} />
          {children}
        </Radix.Content>
      </Radix.Portal>
    </Radix.Root>
  );
}

/** Radix lets Escape close what came last alone: a toast of what was done in here would be closed, and this stay. */
function Escape({ onPress }: { onPress: () => void }) {
  const press = useEffectEvent(onPress);
  useEffect(() => {
    const heard = (event: KeyboardEvent) => {
      if (event.key !== "Escape" || event.defaultPrevented) return;
      event.preventDefault();
      press();
    };
    document.addEventListener("keydown", heard, { capture: true });
    return () => document.removeEventListener("keydown", heard, { capture: true });
  }, []);
  return null;
}
