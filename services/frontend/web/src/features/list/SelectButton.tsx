import { ListChecks } from "lucide-react";
import { useTranslations } from "use-intl";
import { useStore } from "zustand";
import { IconButton } from "@/ui/Button";
import { selection } from "../tasks/selection";

/** Begins and ends the marking of tasks by taps: a finger holds no Ctrl. */
export function SelectButton() {
  const t = useTranslations("bulk");
  const choosing = useStore(selection, (state) => state.choosing);
  const { choose, clear } = selection.getState();
  return (
    <IconButton
      label={t("choose")}
      icon={<ListChecks size={17} />}
      active={choosing}
      aria-pressed={choosing}
      onClick={choosing ? clear : choose}
    />
  );
}
