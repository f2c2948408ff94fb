// Tasks as people have them, for what is looked at and measured.
import { ask } from "./window.mjs";

const BATCH = 500;
const DAY_MS = 86_400_000;

export const day = (days) => new Date(Date.now() + days * DAY_MS).toISOString().slice(0, 10);

/** A week of somebody's. */
export const TASKS = [
  {
    title: "Send the quarterly figures to Ines",
    priority: "urgent",
    tags: ["work"],
    due: { local: `${day(0)}T14:00` },
    reminders: [{ before: "PT30M" }],
  },
  {
    title: "Pay the rent",
    priority: "high",
    tags: ["home"],
    due: { date: day(0) },
    recurrence: { rrule: "FREQ=MONTHLY" },
  },
  { title: "Water the plants", tags: ["home"], due: { date: day(0) }, recurrence: { rrule: "FREQ=WEEKLY" } },
  {
    title: "Prepare the workshop",
    priority: "medium",
    tags: ["work", "workshop"],
    due: { date: day(0) },
    description: "What we need:\n\n- an **agenda** that leaves room for questions\n- slides, at most ten\n- name tags",
  },
  { title: "Call the dentist", tags: ["health"], due: { date: day(0) } },
  { title: "Return the library books", tags: ["errands"], due: { date: day(-2) } },
  { title: "Renew the passport", priority: "high", tags: ["travel"], due: { date: day(-1) } },
  { title: "Book the train to Vienna", priority: "medium", tags: ["travel"], due: { date: day(1) } },
  { title: "Team retrospective", tags: ["work"], due: { local: `${day(1)}T09:30` } },
  { title: "Review the draft of the contract", priority: "high", tags: ["work"], due: { date: day(2) } },
  { title: "Birthday present for Jonas", tags: ["errands"], due: { date: day(3) } },
  { title: "Swimming with the children", tags: ["health"], due: { date: day(4) } },
  { title: "Plan the summer holidays", tags: ["travel"], due: { date: day(6) } },
  { title: "Learn to bake sourdough", priority: "low" },
  { title: "Read “The Art of Doing Science”", tags: ["reading"] },
];

/** What a list has to stand: text of the other direction, and titles that do not end. */
export const HARD = [
  { title: "شراء الخبز والحليب من المتجر", tags: ["בית"], due: { date: day(0) } },
  { title: `Read the ${"very ".repeat(60)}long report`, priority: "low", tags: ["work"], due: { date: day(0) } },
  { title: "Donaudampfschifffahrtsgesellschaftskapitän".repeat(5), due: { date: day(0) } },
];

/** Make tasks, many at once; those made first come last in a list. */
export async function make(tasks) {
  for (let start = 0; start < tasks.length; start += BATCH) {
    const operations = tasks.slice(start, start + BATCH).map((task) => ({ op: "create", task }));
    await ask("POST", "/api/tasks/batch", { operations });
  }
}

/** Make so many plain tasks: Task 00001 and on. */
export const fill = (count) =>
  make(Array.from({ length: count }, (_, number) => ({ title: `Task ${String(number + 1).padStart(5, "0")}` })));
