import { Fragment } from "react";
import { useTranslations } from "use-intl";
import { Dialog } from "@/ui/Dialog";
import { Keys } from "@/ui/Keys";
import { GROUPS, useCommands } from "./commands";
import styles from "./Keys.module.css";
import { panels } from "./panelStore";
import { useCommandName } from "./useCommandName";

/** All keys of the page. */
export default function KeysDialog() {
  const t = useTranslations("keys");
  const name = useCommandName();
  const commands = useCommands();
  const { close } = panels.getState();
  return (
    <Dialog title={t("title")} open onClose={close} onClosed={() => panels.getState().origin?.focus()} shape="wide">
      <div className={styles.groups} tabIndex={-1}>
        {GROUPS.map((group) => (
          <section key={group} aria-labelledby={`keys-${group}`}>
            <h3 id={`keys-${group}`} className={styles.heading}>
              {t(`groups.${group}`)}
            </h3>
            <dl className={styles.rows}>
              {commands
                .filter((command) => command.group === group && command.keys.length > 0)
                .map((command) => (
                  <div key={command.keys[0]} className={styles.row}>
                    <dt>{name(command)}</dt>
                    <dd className={styles.keys}>
                      <Choices keys={command.keys} or={t("or")} />
                    </dd>
                  </div>
                ))}
            </dl>
          </section>
        ))}
      </div>
    </Dialog>
  );
}

function Choices({ keys, or }: { keys: readonly string[]; or: string }) {
  return keys.map((key, place) => (
    <Fragment key={key}>
      {place > 0 ? ` ${or} ` : null}
      <Keys keys={key} read />
    </Fragment>
  ));
}
