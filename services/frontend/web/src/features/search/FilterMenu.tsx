import { ListFilter } from "lucide-react";
import { useState } from "react";
import { useTranslations } from "use-intl";
import { PRIORITIES } from "@/api/types";
import { setParams } from "@/lib/address";
import { fold, type Query, statusOf } from "@/lib/view";
import { Button, IconButton } from "@/ui/Button";
import { Popover } from "@/ui/Popover";
import { useCounts } from "../shell/useCounts";
import styles from "./SearchBar.module.css";

const MOST_TAGS = 24;
const NONE = { status: null, priority: null, tag: null, due_after: null, due_before: null };

/** Everything that a list can be narrowed by. */
export function FilterMenu({ query }: { query: Query }) {
  const t = useTranslations("search");
  const active =
    query.priority.length +
    query.tags.length +
    Number(!!query.status) +
    Number(!!query.dueAfter) +
    Number(!!query.dueBefore);
  const label = active > 0 ? t("filterActive", { count: active }) : t("filter");
  return (
    <Popover
      label={t("filter")}
      trigger={<IconButton label={label} icon={<ListFilter size={17} />} active={active > 0} />}
    >
      <div className={styles.groups}>
        <Statuses query={query} />
        <Priorities query={query} />
        <TagChoices query={query} />
        <Range query={query} />
        <Button disabled={active === 0} onClick={() => setParams(NONE)}>
          {t("reset")}
        </Button>
      </div>
    </Popover>
  );
}

function Statuses({ query }: { query: Query }) {
  const t = useTranslations("search");
  const shown = statusOf(query);
  return (
    <Group legend={t("status")}>
      {(["open", "completed", "all"] as const).map((status) => (
        <Chip key={status} on={shown === status} onPress={() => setParams({ status })}>
          {t(status === "all" ? "any" : status)}
        </Chip>
      ))}
    </Group>
  );
}

function Priorities({ query }: { query: Query }) {
  const t = useTranslations();
  return (
    <Group legend={t("search.priority")}>
      {PRIORITIES.map((priority) => (
        <Chip
          key={priority}
          on={query.priority.includes(priority)}
          onPress={() => setParams({ priority: toggled(query.priority, priority) })}
        >
          {t(`priority.${priority}`)}
        </Chip>
      ))}
    </Group>
  );
}

function TagChoices({ query }: { query: Query }) {
  const t = useTranslations("search");
  const [text, setText] = useState("");
  const { tags } = useCounts();
  const names = [...new Set([...tags.map(({ tag }) => tag), ...query.tags])];
  if (names.length === 0) return null;
  const found = names.filter((tag) => fold(tag).includes(fold(text.trim())));
  const first = new Set([...found.slice(0, MOST_TAGS), ...query.tags]);
  const left = found.filter((tag) => !first.has(tag)).length;
  return (
    <Group legend={t("tags")}>
      {names.length > MOST_TAGS ? (
        <input
          type="text"
          inputMode="search"
          className={styles.find}
          dir="auto"
          aria-label={t("findTag")}
          placeholder={t("findTag")}
          value={text}
          onChange={(event) => setText(event.target.value)}
        />
      ) : null}
      {names
        .filter((tag) => first.has(tag))
        .map((tag) => (
          <Chip key={tag} on={query.tags.includes(tag)} onPress={() => setParams({ tag: toggled(query.tags, tag) })}>
            {tag}
          </Chip>
        ))}
      <span className={styles.left} role="status">
        {left > 0 ? t("moreTags", { count: left }) : found.length === 0 && text ? t("noTag") : null}
      </span>
    </Group>
  );
}

function Range({ query }: { query: Query }) {
  const t = useTranslations("search");
  return (
    <fieldset className={styles.group}>
      <legend className={styles.legend}>{t("due")}</legend>
      <div className={styles.dates}>
        <label>
          {t("from")}
          <input
            type="date"
            value={query.dueAfter ?? ""}
            onChange={(event) => setParams({ due_after: event.target.value })}
          />
        </label>
        <label>
          {t("to")}
          <input
            type="date"
            value={query.dueBefore ?? ""}
            onChange={(event) => setParams({ due_before: event.target.value })}
          />
        </label>
      </div>
    </fieldset>
  );
}

function Group({ legend, children }: { legend: string; children: React.ReactNode }) {
  return (
    <fieldset className={styles.group}>
      <legend className={styles.legend}>{legend}</legend>
      <div className={styles.chips}>{children}</div>
    </fieldset>
  );
}

function Chip({ on, onPress, children }: { on: boolean; onPress: () => void; children: React.ReactNode }) {
  return (
    <button type="button" className={styles.chip} aria-pressed={on} onClick={onPress} dir="auto">
      {children}
    </button>
  );
}

function toggled<T>(values: readonly T[], value: T): T[] {
  return values.includes(value) ? values.filter((other) => other !== value) : [...values, value];
}
