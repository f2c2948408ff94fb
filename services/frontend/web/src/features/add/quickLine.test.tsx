import { act, fireEvent, screen } from "@testing-library/react";
import { useState } from "react";
import { fakePlatform } from "../../../test/platform";
import { renderApp } from "../../../test/render";
import { fieldsOf, piecesOf, type Reading, useReader, useReading } from "./quickLine";

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

function Line() {
  const [text, setText] = useState("");
  useReading(text, "Europe/Rome", true);
  return <input value={text} onChange={(event) => setText(event.target.value)} />;
}

test("what is typed is read once its writer pauses, and what comes as a whole at once", async () => {
  const read: string[] = [];
  globalThis.fetch = async (_path, init) => {
    read.push(JSON.parse(String(init?.body)).text);
    return new Promise<never>(() => {});
  };
  jest.useFakeTimers();
  renderApp(<Line />);
  const write = (value: string) => fireEvent.change(screen.getByRole("textbox"), { target: { value } });
  const after = (milliseconds: number) => act(() => jest.advanceTimersByTimeAsync(milliseconds));
  write("m");
  await after(100);
  write("mi");
  await after(100);
  expect(read).toEqual([]);
  await after(20);
  expect(read).toEqual(["mi"]);
  write("milk tomorrow");
  await after(1);
  expect(read).toEqual(["mi", "milk tomorrow"]);
  jest.useRealTimers();
});

test("a line that has been read is there at once, another once it is read, and offline it is the title", async () => {
  const heard = fakePlatform({ "POST /api/tasks/quick": () => reading });
  const readers: { live?: ReturnType<typeof useReader>; offline?: ReturnType<typeof useReader> } = {};
  function Reader() {
    readers.live = useReader("Europe/Rome", true);
    readers.offline = useReader("Europe/Rome", false);
    return null;
  }
  await act(async () => renderApp(<Reader />));
  const first = readers.live?.("rent !high");
  expect(first).toBeInstanceOf(Promise);
  expect(await first).toMatchObject({ title: "🍞 rent", priority: "high" });
  expect(readers.live?.("rent !high")).toEqual(await first);
  expect(readers.live?.("milk")).toBeInstanceOf(Promise);
  expect(readers.offline?.("rent !high")).toEqual({ title: "rent !high" });
  expect(heard.map(({ body }) => (body as { text: string }).text)).toEqual(["rent !high", "milk"]);
});
