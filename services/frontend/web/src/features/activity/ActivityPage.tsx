"use client";

import { History } from "lucide-react";
import { useTranslations } from "use-intl";
import type { AuditItem } from "@/api/types";
import { setParams } from "@/lib/address";
import { wallClock } from "@/lib/zones";
import { Button } from "@/ui/Button";
import { Chips } from "@/ui/Chips";
import { Empty } from "@/ui/Empty";
import { Failed } from "@/ui/Failed";
import { Page } from "@/ui/Page";
import { Spinner } from "@/ui/Spinner";
import { useApp, useShown } from "../app/context";
import { useDayName } from "../list/useDayName";
import styles from "./Activity.module.css";
import { Entry } from "./Entry";
import { ACTIONS, ACTORS, type Action, type Actor, setFilter, useFilter, useLiveTrail, useTrail } from "./trail";
import { Verification } from "./Verification";

/** The audit trail: everything that happened to the person's tasks and account, by whom, and the proof that it is whole. */
export default function ActivityPage() {
  const t = useTranslations();
  useLiveTrail();
  return (
    <Page title={t("views.activity")} actions={<Verification />}>
      <Filters />
      <Contents />
    </Page>
  );
}

function Filters() {
  const t = useTranslations("activity");
  const { action, actor, of, since, until } = useFilter();
  return (
    <div className={styles.filters}>
      <Chips
        label={t("what")}
        options={(Object.keys(ACTIONS) as Action[]).map((value) => ({ value, label: t(`actions.${value}`) }))}
        value={action}
        onChange={(value) => setFilter({ action: value })}
      />
      <div className={styles.range}>
        <Day name="since" value={since} />
        <Day name="until" value={until} />
      </div>
      <select
        className={styles.actor}
        aria-label={t("who")}
        value={actor}
        onChange={(event) => setFilter({ actor: event.target.value as Actor })}
      >
        {(Object.keys(ACTORS) as Actor[]).map((value) => (
          <option key={value} value={value}>
            {t(`actors.${value}`)}
          </option>
        ))}
      </select>
      {of ? <OfTask id={of} /> : null}
    </div>
  );
}

/** The first or the last day of what is shown. */
function Day({ name, value }: { name: "since" | "until"; value: string | null }) {
  const t = useTranslations("activity");
  return (
    <label className={styles.date}>
      {t(name)}
      <input type="date" value={value ?? ""} onChange={(event) => setFilter({ [name]: event.target.value })} />
    </label>
  );
}

/** Says that the trail is that of one task alone. */
function OfTask({ id }: { id: string }) {
  const t = useTranslations("activity");
  const title = useShown((shown) => shown.tasks.get(id)?.title) ?? t("goneTask");
  return (
    <p className={styles.of}>
      <span>
        {t("ofTask")} <bdi className={styles.ofTitle}>{title}</bdi>
      </span>
      <Button tone="ghost" onClick={() => setParams({ of: null })}>
        {t("ofAll")}
      </Button>
    </p>
  );
}

function Contents() {
  const t = useTranslations();
  const filter = useFilter();
  const { data, error, isPending, refetch, hasNextPage, fetchNextPage, isFetchingNextPage } = useTrail(filter);
  if (isPending) return <Spinner label={t("app.loading")} />;
  if (!data) return error ? <Failed error={error} onRetry={() => void refetch()} /> : null;
  const items = data.pages.flatMap((page) => page.items);
  const { action, actor, of, since, until } = filter;
  const isFiltered = action !== "all" || actor !== "all" || [of, since, until].some((one) => one !== null);
  return (
    <>
      {items.length > 0 ? (
        <Days items={items} />
      ) : (
        <Empty
          icon={<History />}
          title={t(isFiltered ? "activity.emptyFiltered" : "activity.empty")}
          {...(isFiltered ? {} : { hint: t("activity.emptyHint") })}
        />
      )}
      {hasNextPage ? (
        <div className={styles.older}>
          <Button disabled={isFetchingNextPage} onClick={() => void fetchNextPage()}>
            {t("activity.older")}
          </Button>
        </div>
      ) : null}
    </>
  );
}

function Days({ items }: { items: readonly AuditItem[] }) {
  const { me } = useApp();
  const name = useDayName();
  const t = useTranslations("activity");
  const days = new Map<string, AuditItem[]>();
  for (const item of items) {
    const day = item.at ? wallClock(Date.parse(item.at), me.time_zone).slice(0, 10) : "";
    days.set(day, [...(days.get(day) ?? []), item]);
  }
  return [...days].map(([day, those]) => {
    const title = day ? name(day, "long") : t("noDay");
    return (
      <section key={day} aria-label={title}>
        <h2 className={styles.day}>{title}</h2>
        <ol className={styles.items}>
          {those.map((item) => (
            <Entry key={item.index} item={item} />
          ))}
        </ol>
      </section>
    );
  });
}
