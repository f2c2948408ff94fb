import { fieldsOf, piecesOf, type Reading } from "./quickLine";

const reading: Reading = {
  task: {
    title: "🍞 rent",
    priority: "high",
    tags: [],
    due: { date: "2026-12-01" },
    recurrence: null,
    reminders: [{ id: "r1", before: "P1D", at: "2026-11-30T08:00:00Z" }] as never,
  },
  spans: [{ start: 7, end: 12, means: "priority" }],
};

test("pieces are told by code points, so that an emoji counts once", () => {
  expect(piecesOf("🍞 rent !high", reading)).toEqual(["!high"]);
});

test("a reading becomes what the line says, and nothing that it does not", () => {
  expect(fieldsOf(reading)).toEqual({
    title: "🍞 rent",
    priority: "high",
    due: { date: "2026-12-01" },
    reminders: [{ before: "P1D" }],
  });
});
