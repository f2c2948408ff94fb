import { task } from "../../test/render";
import { parseAddress, queryOf } from "./address";
import { dueOf, isOverdue, moveDue, readDue } from "./due";
import { uuid7 } from "./ids";
import { countTasks, grouped, type Query, select } from "./view";
import { addDays, instantOf, today, wallClock, withOffset } from "./zones";

const ROME = "Europe/Rome";
const now = Date.parse("2026-11-23T12:00:00Z");
const clock = { zone: ROME, now, today: "2026-11-23" };
const address = (path: string): Query => {
  const [name = "", search = ""] = path.split("?");
  return queryOf(parseAddress(name, search));
};
const titles = (path: string, tasks: ReturnType<typeof task>[]) =>
  select(tasks, address(path), clock).map(({ id }) => id);

describe("time zones", () => {
  test("a wall clock and its instant lead to each other, in summer and winter", () => {
    expect(wallClock(Date.parse("2026-07-01T10:00:00Z"), ROME)).toBe("2026-07-01T12:00");
    expect(instantOf("2026-12-01T09:00", ROME)).toBe(Date.parse("2026-12-01T08:00:00Z"));
    expect(withOffset("2026-07-01T09:00", ROME)).toBe("2026-07-01T09:00:00+02:00");
    expect(withOffset("2026-07-01T09:00", "America/St_Johns")).toBe("2026-07-01T09:00:00-02:30");
  });

  test("a time that the clocks skip becomes one that they show", () => {
    expect(withOffset("2026-03-29T02:30", ROME)).toMatch(/^2026-03-29T0[13]:30:00\+0[12]:00$/);
    expect(wallClock(instantOf("2026-10-25T02:30", ROME), ROME)).toBe("2026-10-25T02:30");
  });

  test("days", () => {
    expect(addDays("2026-02-28", 1)).toBe("2026-03-01");
    expect(today("Pacific/Auckland", now)).toBe("2026-11-24");
  });
});

describe("due dates", () => {
  test("each form is read in the person's zone", () => {
    expect(readDue({ date: "2026-11-23" }, ROME)).toEqual({
      day: "2026-11-23",
      time: null,
      end: Date.parse("2026-11-23T23:00Z"),
    });
    expect(readDue({ local: "2026-11-23T09:00:00" }, ROME)).toMatchObject({ day: "2026-11-23", time: "09:00" });
    expect(readDue({ at: "2026-11-23T23:30:00Z", time_zone: "UTC" }, ROME)).toMatchObject({
      day: "2026-11-24",
      time: "00:30",
    });
  });

  test("a date is overdue when its day is over, in the person's zone", () => {
    const late = task({ id: "a", due: { date: "2026-11-22" } });
    expect(isOverdue(late, ROME, Date.parse("2026-11-22T22:59Z"))).toBe(false);
    expect(isOverdue(late, ROME, Date.parse("2026-11-22T23:01Z"))).toBe(true);
    expect(dueOf(late, "America/New_York")?.end).toBe(Date.parse("2026-11-23T05:00Z"));
  });

  test("moved to another day, a due keeps its time and its zone", () => {
    expect(moveDue({ at: "2026-10-24T09:00:00+02:00", time_zone: ROME }, "2026-10-26")).toEqual({
      at: "2026-10-26T09:00:00+01:00",
      time_zone: ROME,
    });
    expect(moveDue({ local: "2026-10-24T09:00:00" }, "2026-10-26")).toEqual({ local: "2026-10-26T09:00:00" });
    expect(moveDue(null, "2026-10-26")).toEqual({ date: "2026-10-26" });
  });
});

describe("lists", () => {
  const tasks = [
    task({ id: "late", due: { date: "2026-11-20" }, tags: ["Home"] }),
    task({ id: "today", due: { date: "2026-11-23" }, priority: "high", title: "Café" }),
    task({ id: "later", due: { date: "2026-11-30" }, description: "with milk" }),
    task({ id: "some day", priority: "low" }),
    task({
      id: "done",
      status: "completed",
      due: { date: "2026-11-20" },
      completed_at: "2026-11-20T10:00:00Z",
      tags: ["home", "errands"],
    }),
  ];

  test("each view has its tasks", () => {
    expect(titles("/today", tasks)).toEqual(["late", "today"]);
    expect(titles("/upcoming", tasks)).toEqual(["late", "today", "later"]);
    expect(titles("/overdue", tasks)).toEqual(["late"]);
    expect(titles("/all", tasks)).toHaveLength(4);
    expect(titles("/completed", tasks)).toEqual(["done"]);
    expect(titles("/tags/home", tasks)).toEqual(["late"]);
  });

  test("search takes words from everywhere, whatever their case and accents", () => {
    expect(titles("/all?q=cafe", tasks)).toEqual(["today"]);
    expect(titles("/all?q=LATER milk", tasks)).toEqual(["later"]);
    expect(titles("/all?q=milk cafe", tasks)).toEqual([]);
  });

  test("filters and orders are those of the address; no due date comes last both ways", () => {
    expect(titles("/all?priority=high&priority=low&sort=title", tasks)).toEqual(["today", "some day"]);
    expect(titles("/all?sort=-due", tasks)).toEqual(["later", "today", "late", "some day"]);
    expect(titles("/all?sort=-due&due_before=2026-11-23", tasks)).toEqual(["today", "late"]);
    expect(address("/all?sort=nonsense&priority=huge&due_after=x")).toMatchObject({
      sort: null,
      priority: [],
      dueAfter: null,
    });
  });

  test("what is overdue stands apart, and the coming week has its days", () => {
    const query = address("/upcoming");
    const rows = grouped(select(tasks, query, clock), query, clock);
    const headers = rows.flatMap((row) => (row.kind === "header" ? [row.id] : []));
    expect(headers.slice(0, 3)).toEqual(["overdue", "2026-11-23", "2026-11-24"]);
    expect(headers).toHaveLength(9);
  });

  test("counts", () => {
    expect(countTasks(tasks, clock)).toEqual({
      today: 2,
      overdue: 1,
      upcoming: 3,
      all: 4,
      completed: 1,
      tags: [
        { tag: "Home", count: 1 },
        { tag: "errands", count: 0 },
      ],
    });
  });
});

test("ids are UUIDs of version 7, in the order of their time", () => {
  expect(uuid7()).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
  expect(uuid7(1_000) < uuid7(2_000)).toBe(true);
  const made = Array.from({ length: 10_000 }, () => uuid7(3_000));
  expect(new Set(made).size).toBe(10_000);
  expect([...made].sort()).toEqual(made);
});

test("an address that cannot be decoded is taken as it is", () => {
  expect(parseAddress("/tags/%E0%A4", "").rest).toBe("%E0%A4");
  expect(parseAddress("/tags/a%2Fb", "").rest).toBe("a/b");
});
