import { cloneElement, type ReactElement, type ReactNode, Suspense, useState } from "react";

type Kind = "menu" | "dialog";

/**
 * A trigger whose window is loaded when it is first asked for, so that the first paint does not pay for it.
 * `children` get the same trigger, and show the window open at once.
 */
export function OnDemand({
  trigger,
  kind,
  load,
  onAsk,
  children,
}: {
  trigger: ReactElement<React.ComponentProps<"button">>;
  kind: Kind;
  load: () => Promise<unknown>;
  onAsk?: () => void;
  children: ReactNode;
}) {
  const [asked, ask] = useState(false);
  const closed = cloneElement(trigger, {
    "aria-haspopup": kind,
    "aria-expanded": asked,
    onClick: () => {
      ask(true);
      onAsk?.();
    },
    onPointerEnter: () => void load(),
  });
  return asked ? <Suspense fallback={closed}>{children}</Suspense> : closed;
}
