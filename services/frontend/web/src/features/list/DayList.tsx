import {
  type Announcements,
  DndContext,
  DragOverlay,
  getClientRect,
  MouseSensor,
  pointerWithin,
  TouchSensor,
  type UniqueIdentifier,
  useDndContext,
  useDraggable,
  useDroppable,
  useSensor,
  useSensors,
} from "@dnd-kit/core";
import { useEffect, useState } from "react";
import { useTranslations } from "use-intl";
import { useStore } from "zustand";
import { useShown } from "../app/context";
import { selection } from "../tasks/selection";
import styles from "./DayList.module.css";
import { type ItemProps, TaskList, type TaskListProps } from "./TaskList";
import { useDayName } from "./useDayName";
import { focusTask } from "./useListKeys";
import { useMove } from "./useMove";

/** The rows stand where their transforms put them, which dnd-kit by itself leaves out of its measures. */
const MEASURING = { draggable: { measure: getClientRect }, droppable: { measure: getClientRect } };

/** A list by days, between which tasks can be dragged; by keys they move in every list. */
export default function DayList(props: TaskListProps) {
  const move = useMove();
  const [dragged, setDragged] = useState<UniqueIdentifier | null>(null);
  const sensors = useSensors(
    useSensor(MouseSensor, { activationConstraint: { distance: 6 } }),
    useSensor(TouchSensor, { activationConstraint: { delay: 250, tolerance: 8 } }),
  );
  const announcements = useAnnouncements();
  useEffect(keepFocus, []);
  return (
    <DndContext
      sensors={sensors}
      collisionDetection={pointerWithin}
      measuring={MEASURING}
      accessibility={{ announcements, screenReaderInstructions: { draggable: "" } }}
      onDragStart={({ active }) => setDragged(active.id)}
      onDragCancel={() => setDragged(null)}
      onDragEnd={({ active, over }) => {
        setDragged(null);
        const day: unknown = over?.data.current?.["day"];
        if (typeof day === "string") move.to(String(active.id), day);
      }}
    >
      <TaskList {...props} Item={DayItem} />
      <DragOverlay dropAnimation={null}>{dragged === null ? null : <Dragged id={String(dragged)} />}</DragOverlay>
    </DndContext>
  );
}

/** The row that had the focus went with the list that stood here until this one was loaded. */
function keepFocus(): void {
  const { active } = selection.getState();
  if (active && document.activeElement === document.body) focusTask(active);
}

/** A row that can be dragged, and that takes what is dropped for its day. */
function DayItem({ row, day, className, ...rest }: ItemProps) {
  const id = row.kind === "task" ? row.task.id : `heading ${row.id}`;
  const drag = useDraggable({ id, disabled: row.kind !== "task" || row.task.status !== "open" });
  const drop = useDroppable({ id: `to ${id}`, data: { day }, disabled: day === null });
  const { active, over } = useDndContext();
  const target = active !== null && day !== null && over?.data.current?.["day"] === day;
  return (
    <li
      {...rest}
      {...drag.listeners}
      data-over={target || undefined}
      ref={(element) => {
        drag.setNodeRef(element);
        drop.setNodeRef(element);
      }}
      className={`${className ?? ""} ${target ? styles.target : ""} ${drag.isDragging ? styles.moving : ""}`}
    />
  );
}

/** What hangs at the pointer. */
function Dragged({ id }: { id: string }) {
  const t = useTranslations("list");
  const title = useShown(({ tasks }) => tasks.get(id)?.title);
  const count = useStore(selection, ({ ids }) => (ids.has(id) ? ids.size : 1));
  return (
    <div className={styles.dragged} data-dragged dir="auto">
      {count > 1 ? t("count", { count }) : title}
    </div>
  );
}

/** What a screen reader hears of a drag; the move itself is said by its toast. */
function useAnnouncements(): Announcements {
  const t = useTranslations("list");
  const name = useDayName();
  const tasks = useShown((shown) => shown.tasks);
  const title = (id: UniqueIdentifier) => tasks.get(String(id))?.title ?? "";
  return {
    onDragStart: ({ active }) => t("dragged", { title: title(active.id) }),
    onDragOver: ({ over }) => {
      const day: unknown = over?.data.current?.["day"];
      return typeof day === "string" ? t("over", { day: name(day, "long") }) : undefined;
    },
    onDragEnd: () => undefined,
    onDragCancel: ({ active }) => t("dropped", { title: title(active.id) }),
  };
}
