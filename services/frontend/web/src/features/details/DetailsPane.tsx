import { lazy, Suspense } from "react";
import { useAddress } from "@/lib/address";
import { useShown } from "../app/context";

const Details = lazy(() => import("./Details"));

/** The task that the address names, beside the list; nothing where it names none, or one that is gone. */
export function DetailsPane() {
  const id = useAddress()?.params.get("task") ?? "";
  const task = useShown((shown) => shown.tasks.get(id));
  return task ? (
    <Suspense fallback={null}>
      <Details task={task} />
    </Suspense>
  ) : null;
}
