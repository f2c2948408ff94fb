import { useQueries } from "@tanstack/react-query";
import { keepPersonal, personal } from "@/lib/account";
import { kept } from "@/lib/device";
import { useApp } from "../app/context";
import type { View } from "../registry";

const DAY_MS = 86_400_000;
const nameOf = (id: string) => `available ${id}`;

/** The views that the platform has; one that has to be asked for shows up once that is known, or if it was there last time. */
export function useAvailable(views: readonly View[]): readonly View[] {
  const { settled } = useApp().session;
  const asked = views.filter(({ available }) => available);
  const answers = useQueries({
    queries: asked.map(({ id, available }) => ({
      queryKey: ["available", id],
      queryFn: async () => {
        const found = await settled.then(available ?? (() => true));
        keepPersonal(nameOf(id), found ? "yes" : "no");
        return found;
      },
      initialData: () => kept(personal(nameOf(id))) === "yes" || undefined,
      initialDataUpdatedAt: 0,
      staleTime: DAY_MS,
    })),
  });
  const missing = new Set(asked.filter((_, place) => answers[place]?.data !== true));
  return views.filter((view) => !missing.has(view));
}
