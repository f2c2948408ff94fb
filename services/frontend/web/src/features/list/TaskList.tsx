import { useVirtualizer, type Virtualizer } from "@tanstack/react-virtual";
import { type ComponentProps, type ComponentType, useEffect, useMemo, useRef } from "react";
import { useTranslations } from "use-intl";
import { useStore } from "zustand";
import type { Query, Row } from "@/lib/view";
import { selection } from "../tasks/selection";
import { DayHeader } from "./DayHeader";
import styles from "./TaskList.module.css";
import { TaskRow } from "./TaskRow";
import { useListKeys } from "./useListKeys";
import { useRowHeight } from "./useRowHeight";

const HEADER = 48;

export interface TaskListProps {
  rows: readonly Row[];
  query: Query;
  count: number;
  /** What each row stands in. */
  Item?: ComponentType<ItemProps>;
}

/** `day` is that of the heading above the row; null where it is under none. */
export type ItemProps = ComponentProps<"li"> & { row: Row; day: string | null };

/** The rows of a list, of which only those in sight are in the page. */
export function TaskList({ rows, query, count, Item = PlainItem }: TaskListProps) {
  const t = useTranslations("list");
  const box = useRef<HTMLDivElement>(null);
  const height = useRowHeight();
  const virtual = useVirtualizer({
    count: rows.length,
    getScrollElement: () => box.current,
    estimateSize: (place) => (rows[place]?.kind === "header" ? HEADER : height),
    getItemKey: (place) => keyOf(rows[place], place),
    overscan: 12,
    initialRect: { width: innerWidth, height: innerHeight }, // until it is measured: the first rows are there at once
  });
  const onKeyDown = useListKeys(rows, virtual);
  const days = useMemo(() => daysOf(rows), [rows]);
  useReset(virtual, query, height);
  return (
    <div ref={box} className={styles.scroll} data-list>
      <p className="hidden-visually" role="status">
        {t("count", { count })}
      </p>
      {/* biome-ignore lint/a11y/noStaticElementInteractions: the keys act on the focused row inside */}
      <div className={styles.inner} style={{ height: virtual.getTotalSize() }} onKeyDown={onKeyDown}>
        <ul>
          {virtual.getVirtualItems().map(({ key, index, start, size }) => {
            const row = rows[index];
            return row ? (
              <Item
                key={key}
                row={row}
                day={days[index] ?? null}
                className={styles.row}
                style={{ transform: `translateY(${start}px)`, height: size }}
                aria-setsize={rows.length}
                aria-posinset={index + 1}
              >
                <RowContent row={row} query={query} first={index === 0} />
              </Item>
            ) : null;
          })}
        </ul>
      </div>
    </div>
  );
}

function PlainItem({ row: _, day: __, ...rest }: ItemProps) {
  return <li {...rest} />;
}

/** The day that each row is under. */
function daysOf(rows: readonly Row[]): readonly (string | null)[] {
  let day: string | null = null;
  return rows.map((row) => {
    if (row.kind === "header") day = row.day;
    return day;
  });
}

function RowContent({ row, query, first }: { row: Row; query: Query; first: boolean }) {
  if (row.kind === "header") return <DayHeader day={row.day} count={row.count} first={first} />;
  return <TaskRow task={row.task} query={query} />;
}

function keyOf(row: Row | undefined, place: number): string {
  return row ? (row.kind === "header" ? row.id : row.task.id) : String(place);
}

/** Another list begins at its top, with nothing selected; another height is measured anew. */
function useReset(virtual: Virtualizer<HTMLDivElement, Element>, query: Query, height: number): void {
  const list = `${query.view}/${query.tag ?? ""}`;
  const clear = useStore(selection, (state) => state.clear);
  // biome-ignore lint/correctness/useExhaustiveDependencies: the name of the list is what it follows
  useEffect(() => {
    clear();
    virtual.scrollToOffset(0);
  }, [list, clear]);
  // biome-ignore lint/correctness/useExhaustiveDependencies: as above, of the height
  useEffect(() => virtual.measure(), [height]);
}
