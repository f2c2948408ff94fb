import { Command as Cmdk } from "cmdk";
import { type ReactNode, useRef, useState } from "react";
import { useTranslations } from "use-intl";
import { go, setParams, tagAddress } from "@/lib/address";
import { fold } from "@/lib/view";
import { Dialog } from "@/ui/Dialog";
import { Keys } from "@/ui/Keys";
import { useShown } from "../app/context";
import { useCounts } from "../shell/useCounts";
import { type Command, useCommands } from "./commands";
import styles from "./Keys.module.css";
import { panels } from "./panelStore";
import { useCommandName } from "./useCommandName";

const MOST = 20; // of a kind: more than anyone reads

/** One line that leads to every view, tag and task, and runs commands. */
export default function Palette() {
  const t = useTranslations("keys.palette");
  const [text, setText] = useState("");
  const wanted = useRef<(() => void) | null>(null);
  const { close } = panels.getState();
  const pick = (run: () => void) => {
    wanted.current = run;
    close();
  };
  const onClosed = () => {
    panels.getState().origin?.focus();
    wanted.current?.();
  };
  return (
    <Dialog title={t("title")} open onClose={close} onClosed={onClosed}>
      <Cmdk label={t("title")} shouldFilter={false} loop>
        <Cmdk.Input
          ref={takeFocus}
          className={styles.input}
          placeholder={t("placeholder")}
          value={text}
          onValueChange={setText}
          dir="auto"
        />
        <Cmdk.List className={styles.list}>
          <Cmdk.Empty className={styles.none}>{t("none")}</Cmdk.Empty>
          <Found text={fold(text.trim())} onPick={pick} />
        </Cmdk.List>
      </Cmdk>
    </Dialog>
  );
}

/** The line takes the focus, not the button that closes, which comes first. */
function takeFocus(element: HTMLElement | null): void {
  element?.focus();
}

function Found({ text, onPick }: { text: string; onPick: (run: () => void) => void }) {
  const t = useTranslations("keys.palette");
  const name = useCommandName();
  const fits = (one: string) => fold(one).includes(text);
  const commands = useCommands().filter((command) => fits(name(command)));
  const tags = useCounts().tags.filter(({ tag }) => text !== "" && fits(tag));
  const tasks = useShown((shown) => shown.tasks);
  const titles = text ? [...tasks.values()].filter(({ title }) => fits(title)) : [];
  const entry = (command: Command) => (
    <Item key={name(command)} id={`command ${name(command)}`} onPick={() => command.run && onPick(command.run)}>
      <span>{name(command)}</span>
      {command.keys[0] ? <Keys keys={command.keys[0]} /> : null}
    </Item>
  );
  return (
    <>
      <Group heading={t("commands")}>{commands.filter(({ offered }) => offered).map(entry)}</Group>
      <Group heading={t("views")}>{commands.filter(({ group }) => group === "views").map(entry)}</Group>
      <Group heading={t("tags")}>
        {tags.slice(0, MOST).map(({ tag }) => (
          <Item key={tag} id={`tag ${tag}`} onPick={() => onPick(() => go(tagAddress(tag)))}>
            <bdi>#{tag}</bdi>
          </Item>
        ))}
      </Group>
      <Group heading={t("tasks")}>
        {titles.slice(0, MOST).map(({ id, title }) => (
          <Item key={id} id={`task ${id}`} onPick={() => onPick(() => setParams({ task: id }, false))}>
            <bdi>{title}</bdi>
          </Item>
        ))}
      </Group>
    </>
  );
}

function Group({ heading, children }: { heading: string; children: ReactNode[] }) {
  if (children.length === 0) return null;
  return (
    <Cmdk.Group heading={heading} className={styles.group}>
      {children}
    </Cmdk.Group>
  );
}

function Item({ id, onPick, children }: { id: string; onPick: () => void; children: ReactNode }) {
  return (
    <Cmdk.Item value={id} onSelect={onPick} className={styles.item}>
      {children}
    </Cmdk.Item>
  );
}
