import { type ComponentProps, lazy, Suspense, useState } from "react";
import type * as Parts from "./DialogParts";

const Loaded = lazy(async () => ({ default: (await import("./DialogParts")).Dialog }));

/** A window over the page: it holds the focus until it is closed. Its code is loaded when it first opens. */
export function Dialog(props: ComponentProps<typeof Parts.Dialog>) {
  const [asked, ask] = useState(props.open);
  if (props.open && !asked) ask(true);
  return asked ? (
    <Suspense>
      <Loaded {...props} />
    </Suspense>
  ) : null;
}
