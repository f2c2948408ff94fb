import { useMutation, useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslations } from "use-intl";
import { ApiError } from "@/api/http";
import { uuid7 } from "@/lib/ids";
import { Button } from "@/ui/Button";
import { Spinner } from "@/ui/Spinner";
import { useUndoChange } from "../undo/useUndoChange";
import { FORMATS, type Format, formatOf, type OnConflict, sendFile, type Wanted } from "./files";
import { Report } from "./Report";
import styles from "./TransferPage.module.css";

/** A file is chosen, what would come of it is shown, and only then it is taken in. */
export function ImportFile() {
  const t = useTranslations("transfer");
  const [wanted, setWanted] = useState<Chosen | null>(null);
  // Another choice is another import, with a key of its own; asked again, the same one goes on where it stopped.
  const choose = (next: Wanted) => setWanted({ ...next, key: uuid7() });
  return (
    <section className={styles.section} aria-labelledby="import">
      <h2 id="import">{t("import")}</h2>
      <p className={styles.hint}>{t("importHint")}</p>
      <label className={styles.file}>
        <span>{t("file")}</span>
        <input
          type="file"
          accept=".json,.ics,.ical,.txt,application/json,text/calendar,text/plain"
          onChange={({ target }) => {
            const file = target.files?.[0];
            if (file) choose({ file, format: formatOf(file.name), onConflict: wanted?.onConflict ?? "skip" });
          }}
        />
      </label>
      {wanted ? <Choices wanted={wanted} onChange={choose} /> : null}
      {wanted ? <Preview key={wanted.key} wanted={wanted} onEnd={() => setWanted(null)} /> : null}
    </section>
  );
}

type Chosen = Wanted & { key: string };

function Choices({ wanted, onChange }: { wanted: Wanted; onChange: (next: Wanted) => void }) {
  const t = useTranslations("transfer");
  return (
    <div className={styles.row}>
      <label>
        {t("format")}
        <select
          value={wanted.format}
          onChange={({ target }) => onChange({ ...wanted, format: target.value as Format })}
        >
          {FORMATS.map((format) => (
            <option key={format} value={format}>
              {t(`formats.${format === "todo.txt" ? "todo" : format}`)}
            </option>
          ))}
        </select>
      </label>
      <label>
        {t("onConflict")}
        <select
          value={wanted.onConflict}
          onChange={({ target }) => onChange({ ...wanted, onConflict: target.value as OnConflict })}
        >
          <option value="skip">{t("skip")}</option>
          <option value="replace">{t("replace")}</option>
        </select>
      </label>
    </div>
  );
}

function Preview({ wanted, onEnd }: { wanted: Chosen; onEnd: () => void }) {
  const t = useTranslations("transfer");
  const preview = useQuery({
    queryKey: ["import", wanted.key],
    queryFn: () => sendFile(wanted),
    gcTime: 0,
    retry: false,
  });
  const taken = useMutation({ mutationFn: () => sendFile(wanted, wanted.key) });
  const report = taken.data ?? preview.data;
  const error = taken.error ?? preview.error;
  const count = report ? report.created + report.replaced : 0;
  return (
    <div className={styles.preview}>
      {preview.isLoading || taken.isPending ? <Spinner label={t(taken.isPending ? "importing" : "reading")} /> : null}
      {error ? <Refusal error={error} /> : null}
      {report ? <Report report={report} /> : null}
      {taken.data ? (
        <Done change={taken.data.change} onEnd={onEnd} />
      ) : report ? (
        <Button tone="primary" disabled={count === 0 || taken.isPending} onClick={() => taken.mutate()}>
          {t("run", { count })}
        </Button>
      ) : null}
    </div>
  );
}

function Done({ change, onEnd }: { change: string | null; onEnd: () => void }) {
  const t = useTranslations();
  const undo = useUndoChange();
  return (
    <div className={styles.row}>
      {change ? <Button onClick={async () => (await undo(change)) && onEnd()}>{t("change.undo")}</Button> : null}
      <Button tone="ghost" onClick={onEnd}>
        {t("app.close")}
      </Button>
    </div>
  );
}

function Refusal({ error }: { error: Error }) {
  const errors = error instanceof ApiError ? (error.problem.errors ?? []) : [];
  return (
    <div role="alert" className={styles.error}>
      <p>{error.message}</p>
      <ul>
        {errors.map(({ field, message }) => (
          <li key={field + message}>
            {field}: {message}
          </li>
        ))}
      </ul>
    </div>
  );
}
