import { type ComponentProps, lazy } from "react";
import { OnDemand } from "./OnDemand";
import type * as Parts from "./PopoverParts";

const load = () => import("./PopoverParts");
const Loaded = lazy(async () => ({ default: (await load()).Popover }));

/** A small window at its trigger; Escape or a click beside it closes it, and the focus returns. */
export function Popover(props: ComponentProps<typeof Parts.Popover>) {
  return (
    <OnDemand trigger={props.trigger} kind="dialog" load={load} onAsk={() => props.onOpenChange?.(true)}>
      <Loaded {...props} />
    </OnDemand>
  );
}
