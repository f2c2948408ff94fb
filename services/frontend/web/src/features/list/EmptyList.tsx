import { CalendarDays, CheckCheck, CircleCheck, Hash, Inbox, SearchX, Sun } from "lucide-react";
import { useTranslations } from "use-intl";
import { setParams } from "@/lib/address";
import type { Query } from "@/lib/view";
import { Button } from "@/ui/Button";
import { Empty } from "@/ui/Empty";

const ICONS = {
  today: <Sun />,
  upcoming: <CalendarDays />,
  overdue: <CheckCheck />,
  all: <Inbox />,
  completed: <CircleCheck />,
  tag: <Hash />,
} as const;

const FILTERS = { q: null, status: null, priority: null, tag: null, due_after: null, due_before: null };

export function EmptyList({ query }: { query: Query }) {
  const t = useTranslations("empty");
  if (isFiltered(query)) {
    return (
      <Empty icon={<SearchX />} title={t("search")} hint={t("searchHint")}>
        <Button onClick={() => setParams(FILTERS)}>{t("clear")}</Button>
      </Empty>
    );
  }
  const view = query.view as keyof typeof ICONS;
  return <Empty icon={ICONS[view]} title={t(view)} hint={t(`${view}Hint`)} />;
}

function isFiltered({ q, status, priority, tags, dueAfter, dueBefore }: Query): boolean {
  return Boolean(q || status || priority.length || tags.length || dueAfter || dueBefore);
}
