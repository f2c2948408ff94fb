import { monthlyOf, presetOf, readRule, ruleOf, writeRule } from "./rule";

test("a common rule is known again, however it is written", () => {
  expect(presetOf({ rrule: "FREQ=DAILY;INTERVAL=1", mode: "from_due" })).toBe("daily");
  expect(presetOf({ rrule: "BYDAY=MO,TU,WE,TH,FR;FREQ=WEEKLY", mode: "from_due" })).toBe("weekdays");
  expect(presetOf({ rrule: "FREQ=DAILY;COUNT=3", mode: "from_due" })).toBe("own");
  expect(presetOf(null)).toBe("none");
  expect(ruleOf("monthly")).toBe("FREQ=MONTHLY");
});

test("what the page does not edit of a rule stays as it is", () => {
  const rule = "FREQ=MONTHLY;INTERVAL=3;BYDAY=MO,TU;BYSETPOS=-1;UNTIL=20271231T000000Z";
  expect(readRule(rule)).toMatchObject({
    unit: "MONTHLY",
    interval: 3,
    weekdays: [],
    rest: ["BYDAY=MO,TU", "BYSETPOS=-1", "UNTIL=20271231T000000Z"],
  });
  expect(writeRule(readRule(rule))).toBe(rule);
});

test("weekdays stand in the week's order, and only in a weekly rule", () => {
  const parts = { ...readRule("FREQ=WEEKLY"), weekdays: ["FR", "MO"] };
  expect(writeRule({ ...parts, unit: "WEEKLY" })).toBe("FREQ=WEEKLY;BYDAY=MO,FR");
  expect(writeRule({ ...parts, unit: "DAILY" })).toBe("FREQ=DAILY");
});

test("a day of the month and an end are parts of their own", () => {
  for (const rule of ["FREQ=MONTHLY;BYDAY=-1FR;UNTIL=20271231", "FREQ=MONTHLY;BYMONTHDAY=-1;COUNT=3"])
    expect(writeRule(readRule(rule))).toBe(rule);
  expect(readRule("FREQ=MONTHLY;BYDAY=2TU;UNTIL=20271231")).toMatchObject({ on: "2TU", until: "2027-12-31", rest: [] });
  expect(writeRule({ ...readRule("FREQ=MONTHLY;BYDAY=2TU"), unit: "YEARLY" })).toBe("FREQ=YEARLY");
});

test("a day is offered by its weekday from either end of its month", () => {
  expect(monthlyOf("2026-12-01")).toEqual(["1TU", "last"]);
  expect(monthlyOf("2026-12-28")).toEqual(["4MO", "-1MO", "last"]);
  expect(monthlyOf("2026-12-31")).toEqual(["-1TH", "last"]);
});
