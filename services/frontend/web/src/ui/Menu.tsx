import { type ComponentProps, lazy } from "react";
import type * as Parts from "./MenuParts";
import { OnDemand } from "./OnDemand";

const load = () => import("./MenuParts");
const Loaded = lazy(async () => ({ default: (await load()).Menu }));

export function Menu(props: ComponentProps<typeof Parts.Menu>) {
  return (
    <OnDemand trigger={props.trigger} kind="menu" load={load}>
      <Loaded {...props} />
    </OnDemand>
  );
}

export const MenuItem = lazy(async () => ({ default: (await load()).MenuItem }));
export const MenuCheck = lazy(async () => ({ default: (await load()).MenuCheck }));
export const MenuSeparator = lazy(async () => ({ default: (await load()).MenuSeparator }));
/** The cast keeps the type parameter, which `lazy` loses. */
export const MenuChoice = lazy(async () => ({
  default: (await load()).MenuChoice,
})) as unknown as typeof Parts.MenuChoice;
