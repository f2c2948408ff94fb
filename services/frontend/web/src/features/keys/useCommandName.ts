import { useTranslations } from "use-intl";
import type { Command } from "./commands";

/** What a command is called in the person's language. */
export function useCommandName(): (command: Command) => string {
  const t = useTranslations();
  return ({ name }) => ("view" in name ? t(`views.${name.view}`) : t(`keys.commands.${name.command}`));
}
