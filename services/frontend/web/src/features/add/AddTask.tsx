import { Plus } from "lucide-react";
import { type FormEvent, useId, useState } from "react";
import { useTranslations } from "use-intl";
import type { TaskFields } from "@/api/types";
import type { Query } from "@/lib/view";
import { isCurrent } from "@/sync/connection";
import { Button } from "@/ui/Button";
import { useClock, useShown } from "../app/context";
import { usePhone } from "../list/useRowHeight";
import { useActions } from "../tasks/useActions";
import styles from "./AddTask.module.css";
import { piecesOf, type Read, useReader, useReading } from "./quickLine";

/** The line that adds a task to the list that is shown: it gets that list's day or tag, and what the line itself says. */
export function AddTask({ query }: { query: Query }) {
  const t = useTranslations("add");
  const id = useId();
  const { today, zone } = useClock();
  const { add } = useActions();
  const live = useShown((shown) => isCurrent(shown.connection));
  const phone = usePhone();
  const [line, setLine] = useState("");
  const reading = useReading(line, zone, live);
  const read = useReader(zone, live);
  const submit = (event: FormEvent) => {
    event.preventDefault();
    const text = line.trim();
    if (text === "") return;
    const own = belonging(query, today);
    const put = (fields: Read) =>
      add({ ...own, ...fields, ...(own.tags ? { tags: [...own.tags, ...(fields.tags ?? [])] } : {}) });
    const fields = read(text);
    if (fields instanceof Promise) void fields.then(put);
    else put(fields);
    setLine("");
  };
  if (query.view === "completed" || query.view === "overdue") return null;
  return (
    <form className={styles.form} onSubmit={submit}>
      <label htmlFor={id} className="hidden-visually">
        {t("label")}
      </label>
      <Plus size={18} aria-hidden="true" />
      <input
        id={id}
        className={styles.input}
        value={line}
        maxLength={500}
        placeholder={t(phone ? "placeholderShort" : "placeholderQuick")}
        autoComplete="off"
        enterKeyHint="done"
        dir="auto"
        data-add
        onChange={(event) => setLine(event.target.value)}
        onKeyDown={(event) => event.key === "Escape" && event.currentTarget.blur()}
      />
      {reading ? <Understood pieces={piecesOf(line, reading)} /> : null}
      {line.trim() ? (
        <Button type="submit" tone="primary">
          {t("submit")}
        </Button>
      ) : null}
    </form>
  );
}

/** Which pieces of the line will not be part of the title. */
function Understood({ pieces }: { pieces: readonly string[] }) {
  return (
    <output className={styles.pieces}>
      {pieces.map((piece) => (
        <span key={piece} className={styles.piece} dir="auto">
          {piece}
        </span>
      ))}
    </output>
  );
}

/** What a task has to have to be in a list. */
export function belonging(query: Query, today: string): TaskFields {
  if (query.tag !== null) return { tags: [query.tag] };
  return query.view === "today" || query.view === "upcoming" ? { due: { date: today } } : {};
}
