import { cloneElement, type FocusEventHandler, type ReactElement, useState } from "react";
import { useStore } from "zustand";
import { createStore } from "zustand/vanilla";
import type * as Parts from "./TooltipParts";

export interface TooltipProps {
  text: string;
  keys?: string;
  children: ReactElement<{ onFocus?: FocusEventHandler; onBlur?: FocusEventHandler }>;
}

const loaded = createStore<{ parts: typeof Parts | null }>(() => ({ parts: null }));

/** Load what shows tooltips, once the page has nothing more urgent to do. Returns how to stop. */
export function loadTooltips(): () => void {
  const load = () => void import("./TooltipParts").then((parts) => loaded.setState({ parts })).catch(() => {});
  const asked = setTimeout(load, 1_500); // Safari knows no idle callbacks
  return () => clearTimeout(asked);
}

/** Says in words what its child is, when that is pointed at or focused. */
export function Tooltip(props: TooltipProps) {
  const parts = useStore(loaded, (state) => state.parts);
  const [held, hold] = useState(false); // by the focus, which another element in the place of this one would lose
  if (parts && !held) return <parts.Tooltip {...props} />;
  return cloneElement(props.children, { onFocus: () => hold(true), onBlur: () => hold(false) });
}
