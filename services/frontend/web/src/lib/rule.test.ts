import { presetOf, readRule, ruleOf, writeRule } from "./rule";

test("a common rule is known again, however it is written", () => {
  expect(presetOf({ rrule: "FREQ=DAILY;INTERVAL=1", mode: "from_due" })).toBe("daily");
  expect(presetOf({ rrule: "BYDAY=MO,TU,WE,TH,FR;FREQ=WEEKLY", mode: "from_due" })).toBe("weekdays");
  expect(presetOf({ rrule: "FREQ=DAILY;COUNT=3", mode: "from_due" })).toBe("own");
  expect(presetOf(null)).toBe("none");
  expect(ruleOf("monthly")).toBe("FREQ=MONTHLY");
});

test("what the page does not edit of a rule stays as it is", () => {
  const rule = "FREQ=MONTHLY;INTERVAL=3;BYDAY=-1FR;UNTIL=20271231T000000Z";
  expect(readRule(rule)).toMatchObject({
    unit: "MONTHLY",
    interval: 3,
    weekdays: [],
    rest: ["BYDAY=-1FR", "UNTIL=20271231T000000Z"],
  });
  expect(writeRule(readRule(rule))).toBe(rule);
});

test("weekdays stand in the week's order, and only in a weekly rule", () => {
  const parts = { interval: 1, weekdays: ["FR", "MO"], rest: [] };
  expect(writeRule({ ...parts, unit: "WEEKLY" })).toBe("FREQ=WEEKLY;BYDAY=MO,FR");
  expect(writeRule({ ...parts, unit: "DAILY" })).toBe("FREQ=DAILY");
});
