import { useQueries } from "@tanstack/react-query";
import { useApp } from "../app/context";
import type { View } from "../registry";

/** The views that the platform has; one that has to be asked for shows up once that is known. */
export function useAvailable(views: readonly View[]): readonly View[] {
  const { settled } = useApp().session;
  const asked = views.filter(({ available }) => available);
  const answers = useQueries({
    queries: asked.map(({ id, available }) => ({
      queryKey: ["available", id],
      queryFn: () => settled.then(available ?? (() => true)),
      staleTime: Number.POSITIVE_INFINITY,
    })),
  });
  const missing = new Set(asked.filter((_, place) => answers[place]?.data !== true));
  return views.filter((view) => !missing.has(view));
}
