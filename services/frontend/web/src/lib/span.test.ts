import { readSpan, writeSpan } from "./span";

test("a span is written in the unit that a person chose", () => {
  expect([writeSpan(45, "minute"), writeSpan(2, "hour"), writeSpan(3, "day"), writeSpan(2, "week")]).toEqual([
    "PT45M",
    "PT2H",
    "P3D",
    "P2W",
  ]);
});

test("a span is read part by part, also one that was written elsewhere", () => {
  expect(readSpan("P1W2DT3H4M5S")?.map(({ count, unit }) => `${count} ${unit}`)).toEqual([
    "1 week",
    "2 day",
    "3 hour",
    "4 minute",
    "5 second",
  ]);
  expect(readSpan("PT90M")).toEqual([{ unit: "minute", count: 90 }]);
});

test("no time at all has no parts; what is no span is none", () => {
  expect([readSpan("PT0S"), readSpan("P0D")]).toEqual([[], []]);
  for (const text of ["", "P", "PT", "P1DT", "P1Y", "2H", "PT1.5H"]) expect(readSpan(text)).toBeNull();
});
