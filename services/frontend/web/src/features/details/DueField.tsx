import { CalendarDays, X } from "lucide-react";
import { useTranslations } from "use-intl";
import type { Due, Task } from "@/api/types";
import { addDays, withOffset } from "@/lib/zones";
import { Button, IconButton } from "@/ui/Button";
import { useClock } from "../app/context";
import { useActions } from "../tasks/useActions";
import styles from "./Details.module.css";
import { Field } from "./Field";
import { zoneNames } from "./zoneNames";

const FLOATING = "floating";

/** A due as it is edited: the day, perhaps a time, and on whose clocks. */
export interface Parts {
  day: string;
  time: string;
  zone: string;
}

export function partsOf(due: Due | null): Parts {
  if (!due) return { day: "", time: "", zone: FLOATING };
  if ("date" in due) return { day: due.date, time: "", zone: FLOATING };
  if ("local" in due) return { day: due.local.slice(0, 10), time: due.local.slice(11, 16), zone: FLOATING };
  return { day: due.at.slice(0, 10), time: due.at.slice(11, 16), zone: due.time_zone ?? "UTC" };
}

/** The due that the parts make; a time makes one at an instant of the zone, or floating. */
export function dueFrom({ day, time, zone }: Parts): Due | null {
  if (!day) return null;
  if (!time) return { date: day };
  if (zone === FLOATING) return { local: `${day}T${time}` };
  return { at: withOffset(`${day}T${time}`, zone), time_zone: zone };
}

export function DueField({ task }: { task: Task }) {
  const t = useTranslations("details");
  const clock = useClock();
  const { update } = useActions();
  const parts = partsOf(task.due);
  const set = (changes: Partial<Parts>) => {
    const fresh = changes.time && !parts.time ? { zone: clock.zone } : {};
    const due = dueFrom({ ...parts, ...fresh, ...changes });
    const fixed = task.reminders.filter(({ before }) => !before);
    update([task], due ? { due } : { due, recurrence: null, reminders: fixed.map(({ id, at }) => ({ id, at })) }, true);
  };
  return (
    <Field icon={<CalendarDays size={15} />} name={t("due")}>
      <input
        type="date"
        className={`${styles.input} ${styles.date}`}
        aria-label={t("day")}
        value={parts.day}
        onChange={(event) => set({ day: event.target.value })}
      />
      {parts.day ? (
        <>
          <input
            type="time"
            className={`${styles.input} ${styles.time}`}
            aria-label={t("time")}
            value={parts.time}
            onChange={(event) => set({ time: event.target.value })}
          />
          <IconButton
            label={t("clearDue")}
            icon={<X size={14} />}
            className={styles.clear}
            onClick={() => set({ day: "" })}
          />
        </>
      ) : (
        <>
          <Button tone="ghost" onClick={() => set({ day: clock.today })}>
            {t("today")}
          </Button>
          <Button tone="ghost" onClick={() => set({ day: addDays(clock.today, 1) })}>
            {t("tomorrow")}
          </Button>
        </>
      )}
      {parts.time ? (
        <select
          className={`${styles.input} ${styles.wide}`}
          aria-label={t("zone")}
          value={parts.zone}
          onChange={(event) => set({ zone: event.target.value })}
        >
          <option value={FLOATING}>{t("floating")}</option>
          {zoneNames(parts.zone, clock.zone).map((zone) => (
            <option key={zone}>{zone}</option>
          ))}
        </select>
      ) : null}
    </Field>
  );
}
