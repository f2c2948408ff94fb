import { lazy, Suspense, useDeferredValue, useMemo } from "react";
import { useFormatter, useTranslations } from "use-intl";
import { useStore } from "zustand";
import { queryOf, useAddress } from "@/lib/address";
import { grouped, type Query, type Row, select } from "@/lib/view";
import { Gutter, Page } from "@/ui/Page";
import { Spinner } from "@/ui/Spinner";
import { AddTask } from "../add/AddTask";
import { useClock, useShown } from "../app/context";
import { SearchBar } from "../search/SearchBar";
import { selection } from "../tasks/selection";
import { EmptyList } from "./EmptyList";
import { SelectButton } from "./SelectButton";
import { TaskList } from "./TaskList";

const BulkBar = lazy(() => import("./BulkBar"));
const DayList = lazy(() => import("./DayList"));

/** A list of tasks: the one that the address asks for. */
export function ListPage() {
  const t = useTranslations();
  const address = useAddress();
  const query = useMemo(() => (address ? queryOf(address) : null), [address]);
  const loaded = useShown((shown) => shown.loaded);
  if (!query) return null;
  return (
    <Page
      title={<Title query={query} />}
      detail={<Detail query={query} />}
      actions={
        <>
          <SearchBar query={query} />
          <SelectButton />
        </>
      }
      filled
    >
      <Gutter>
        <AddTask query={query} />
      </Gutter>
      {loaded ? <Found query={query} /> : <Spinner label={t("app.loading")} />}
    </Page>
  );
}

function Found({ query }: { query: Query }) {
  const deferred = useDeferredValue(query);
  const { rows, count } = useRows(deferred);
  return (
    <>
      <List query={deferred} rows={rows} count={count} />
      <Bulk rows={rows} />
    </>
  );
}

/** The bar for all selected tasks, whose code is loaded with the first that is selected. */
function Bulk({ rows }: { rows: readonly Row[] }) {
  const wanted = useStore(selection, ({ ids, choosing }) => choosing || ids.size > 0);
  return <Suspense>{wanted ? <BulkBar rows={rows} /> : null}</Suspense>;
}

function List(list: { query: Query; rows: readonly Row[]; count: number }) {
  const { query, rows, count } = list;
  if (count === 0 && !rows.some(({ kind }) => kind === "header")) return <EmptyList query={query} />;
  if (query.view !== "upcoming" || query.sort !== null) return <TaskList {...list} />;
  return (
    <Suspense fallback={<TaskList {...list} />}>
      <DayList {...list} />
    </Suspense>
  );
}

function useRows(query: Query): { rows: readonly Row[]; count: number } {
  const tasks = useShown((shown) => shown.tasks);
  const clock = useClock();
  return useMemo(() => {
    const found = select(tasks.values(), query, clock);
    return { rows: grouped(found, query, clock), count: found.length };
  }, [tasks, query, clock]);
}

function Title({ query }: { query: Query }) {
  const t = useTranslations("views");
  if (query.tag !== null) return <bdi>#{query.tag}</bdi>;
  return t(query.view as "today");
}

function Detail({ query }: { query: Query }) {
  const format = useFormatter();
  const { now } = useClock();
  if (query.view !== "today") return null;
  return format.dateTime(now, { weekday: "long", day: "numeric", month: "long" });
}
