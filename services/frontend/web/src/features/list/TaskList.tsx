import { useVirtualizer, type Virtualizer } from "@tanstack/react-virtual";
import { useEffect, useRef } from "react";
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

interface TaskListProps {
  rows: readonly Row[];
  query: Query;
  count: number;
}

/** The rows of a list, of which only those in sight are in the page. */
export function TaskList({ rows, query, count }: TaskListProps) {
  const t = useTranslations("list");
  const box = useRef<HTMLDivElement>(null);
  const height = useRowHeight();
  const virtual = useVirtualizer({
    count: rows.length,
    getScrollElement: () => box.current,
    estimateSize: (place) => (rows[place]?.kind === "header" ? HEADER : height),
    getItemKey: (place) => keyOf(rows[place], place),
    overscan: 12,
  });
  const onKeyDown = useListKeys(rows, virtual);
  useReset(virtual, query, height);
  return (
    <div ref={box} className={styles.scroll}>
      <p className="hidden-visually" role="status">
        {t("count", { count })}
      </p>
      {/* biome-ignore lint/a11y/noStaticElementInteractions: the keys act on the focused row inside */}
      <div className={styles.inner} style={{ height: virtual.getTotalSize() }} onKeyDown={onKeyDown}>
        <ul>
          {virtual.getVirtualItems().map(({ key, index, start, size }) => (
            <li
              key={key}
              className={styles.row}
              style={{ transform: `translateY(${start}px)`, height: size }}
              aria-setsize={rows.length}
              aria-posinset={index + 1}
            >
              <RowContent row={rows[index]} query={query} first={index === 0} />
            </li>
          ))}
        </ul>
      </div>
    </div>
  );
}

function RowContent({ row, query, first }: { row: Row | undefined; query: Query; first: boolean }) {
  if (!row) return null;
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
