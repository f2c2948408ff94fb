import { useCallback } from "react";
import { useTranslations } from "use-intl";
import { ApiError, call } from "@/api/http";
import type { UndoAnswer } from "@/api/types";
import { say } from "../toasts/toasts";

/** How to take back a change that the platform made in one piece, by its id; true once it is undone. What comes of it is said. */
export function useUndoChange(): (change: string) => Promise<boolean> {
  const t = useTranslations();
  return useCallback(
    async (change) => {
      try {
        await call<UndoAnswer>("POST", "/api/undo", { body: { change }, key: `undo ${change}` });
        say(t("change.undone"));
        return true;
      } catch (error) {
        const detail = error instanceof ApiError ? error.problem.detail : t("connection.offline");
        say(t("issues.refused", { detail }), { tone: "danger" });
        return false;
      }
    },
    [t],
  );
}
