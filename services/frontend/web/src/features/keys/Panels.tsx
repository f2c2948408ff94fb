import { lazy, Suspense } from "react";
import { useStore } from "zustand";
import { panels } from "./panelStore";

const KeysDialog = lazy(() => import("./KeysDialog"));
const Palette = lazy(() => import("./Palette"));

/** The windows that keys open; their code is loaded when they first do. */
export function Panels() {
  const open = useStore(panels, (state) => state.open);
  return (
    <Suspense>
      {open === "help" ? <KeysDialog /> : null}
      {open === "palette" ? <Palette /> : null}
    </Suspense>
  );
}
