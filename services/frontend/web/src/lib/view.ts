import type { Priority, Task } from "@/api/types";
import { dueOf, isOverdue, NEVER } from "./due";
import { addDays } from "./zones";

export type Sort = "due" | "priority" | "created" | "updated" | "title";
export const SORTS: readonly Sort[] = ["due", "priority", "created", "updated", "title"];

/** Which tasks a list shows, and in which order: what the address says. */
export interface Query {
  view: string;
  tag: string | null;
  q: string;
  status: "open" | "completed" | "all" | null;
  priority: readonly Priority[];
  tags: readonly string[];
  dueAfter: string | null;
  dueBefore: string | null;
  sort: Sort | null;
  descending: boolean;
}

export interface Clock {
  zone: string;
  now: number;
  today: string;
}

const RANK: Record<Priority, number> = { urgent: 0, high: 1, medium: 2, low: 3, none: 4 };
const haystacks = new WeakMap<Task, string>();
const titles = new Intl.Collator(undefined, { sensitivity: "base", numeric: true });

/** Text without case and accents, as the platform's own search reads it. */
export function fold(text: string): string {
  return text.normalize("NFKD").replace(/\p{M}/gu, "").toLowerCase().replaceAll("ß", "ss");
}

function haystack(task: Task): string {
  let found = haystacks.get(task);
  if (found === undefined) {
    found = fold([task.title, task.description, ...task.tags].join("\n"));
    haystacks.set(task, found);
  }
  return found;
}

/** The tasks that a query asks for, in its order. */
export function select(tasks: Iterable<Task>, query: Query, clock: Clock): Task[] {
  const test = tester(query, clock);
  const found: Task[] = [];
  for (const task of tasks) if (test(task)) found.push(task);
  return found.sort(comparer(query, clock.zone));
}

export function statusOf(query: Query): "open" | "completed" | "all" {
  return query.status ?? (query.view === "completed" ? "completed" : "open");
}

function tester(query: Query, clock: Clock): (task: Task) => boolean {
  const words = fold(query.q).split(/\s+/).filter(Boolean);
  const tags = [...query.tags, ...(query.tag ? [query.tag] : [])].map(fold);
  const status = statusOf(query);
  const priorities = new Set(query.priority);
  return (task) =>
    (status === "all" || task.status === status) &&
    inView(task, query.view, clock) &&
    (priorities.size === 0 || priorities.has(task.priority)) &&
    tags.every((tag) => task.tags.some((own) => fold(own) === tag)) &&
    inRange(task, query, clock.zone) &&
    words.every((word) => haystack(task).includes(word));
}

function inView(task: Task, view: string, clock: Clock): boolean {
  if (view === "overdue") return isOverdue(task, clock.zone, clock.now);
  if (view !== "today" && view !== "upcoming") return true;
  const due = dueOf(task, clock.zone);
  if (!due) return false;
  return view === "today" ? due.day <= clock.today : due.day >= clock.today || task.status === "open";
}

function inRange(task: Task, query: Query, zone: string): boolean {
  if (!query.dueAfter && !query.dueBefore) return true;
  const due = dueOf(task, zone);
  if (!due) return false;
  return (!query.dueAfter || due.day >= query.dueAfter) && (!query.dueBefore || due.day <= query.dueBefore);
}

function comparer(query: Query, zone: string): (one: Task, other: Task) => number {
  const sort = query.sort ?? (query.view === "all" || query.view === "tag" ? "created" : "due");
  if (query.view === "completed" && query.sort === null) {
    return (one, other) => (other.completed_at ?? "").localeCompare(one.completed_at ?? "") || newest(one, other);
  }
  const sign = query.descending ? -1 : 1;
  const compare = ORDERS[sort];
  return (one, other) => compare(one, other, zone, sign) || byPriority(one, other) || newest(other, one);
}

type Compare = (one: Task, other: Task, zone: string, sign: number) => number;

const ORDERS: Record<Sort, Compare> = {
  due: (one, other, zone, sign) => {
    const [first, second] = [dueOf(one, zone)?.end ?? NEVER, dueOf(other, zone)?.end ?? NEVER];
    return first === NEVER || second === NEVER ? first - second : sign * (first - second);
  },
  priority: (one, other, _zone, sign) => sign * byPriority(one, other),
  created: (one, other, _zone, sign) => sign * newest(one, other),
  updated: (one, other, _zone, sign) => sign * other.updated_at.localeCompare(one.updated_at),
  title: (one, other, _zone, sign) => sign * titles.compare(one.title, other.title),
};

const byPriority = (one: Task, other: Task): number => RANK[one.priority] - RANK[other.priority];

function newest(one: Task, other: Task): number {
  return Date.parse(other.created_at) - Date.parse(one.created_at) || (other.id < one.id ? -1 : 1);
}

export interface Counts {
  today: number;
  overdue: number;
  upcoming: number;
  all: number;
  completed: number;
  tags: { tag: string; count: number }[];
}

/** How many tasks each list of the sidebar has; tags as they were first written, most used first. */
export function countTasks(tasks: Iterable<Task>, clock: Clock): Counts {
  const counts: Counts = { today: 0, overdue: 0, upcoming: 0, all: 0, completed: 0, tags: [] };
  const tags = new Map<string, { tag: string; count: number }>();
  for (const task of tasks) {
    const open = task.status === "open";
    for (const tag of task.tags) {
      const known = tags.get(fold(tag));
      if (known) known.count += Number(open);
      else tags.set(fold(tag), { tag, count: Number(open) });
    }
    if (open) {
      counts.all++;
      countDue(counts, task, clock);
    } else counts.completed++;
  }
  counts.tags = [...tags.values()].sort((one, other) => other.count - one.count || titles.compare(one.tag, other.tag));
  return counts;
}

function countDue(counts: Counts, task: Task, clock: Clock): void {
  const due = dueOf(task, clock.zone);
  if (!due) return;
  counts.upcoming++;
  if (due.day <= clock.today) counts.today++;
  if (due.end < clock.now) counts.overdue++;
}

export type Row =
  | { kind: "header"; id: string; label: string; day: string | null; count: number }
  | { kind: "task"; task: Task };

/** A list with its headings: overdue apart from today, and a heading for each day of what comes. */
export function grouped(tasks: readonly Task[], query: Query, clock: Clock): Row[] {
  const byDay = query.view === "upcoming" && query.sort === null;
  const apart = query.view === "today" && query.sort === null;
  if (!byDay && !apart) return tasks.map((task) => ({ kind: "task", task }));
  const groups = new Map<string, Task[]>();
  if (byDay && query.q === "") for (let day = 0; day < 7; day++) groups.set(addDays(clock.today, day), []);
  for (const task of tasks) {
    const day = groupOf(task, clock, apart);
    const group = groups.get(day) ?? [];
    if (group.push(task) === 1) groups.set(day, group);
  }
  const days = [...groups.keys()].sort((one, other) => rank(one).localeCompare(rank(other)));
  return days.flatMap((day): Row[] => {
    const group = groups.get(day) ?? [];
    const header: Row = {
      kind: "header",
      id: day,
      label: day,
      day: day === "overdue" ? null : day,
      count: group.length,
    };
    return [header, ...group.map((task): Row => ({ kind: "task", task }))];
  });
}

const rank = (day: string): string => (day === "overdue" ? "" : day);

function groupOf(task: Task, clock: Clock, apart: boolean): string {
  const due = dueOf(task, clock.zone);
  return !due || due.day < clock.today || (apart && due.end < clock.now) ? "overdue" : due.day;
}
