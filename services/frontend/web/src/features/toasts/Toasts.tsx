import { lazy, Suspense, useState } from "react";
import { useStore } from "zustand";
import { toasts } from "./toasts";

const ToastList = lazy(() => import("./ToastList"));

/** What is said at the foot of the page; loaded when there is something to say. */
export function Toasts() {
  const any = useStore(toasts, (state) => state.shown.length > 0);
  const [asked, ask] = useState(any);
  if (any && !asked) ask(true);
  return <Suspense>{asked ? <ToastList /> : null}</Suspense>;
}
