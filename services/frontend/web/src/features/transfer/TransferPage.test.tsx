import { screen } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { renderApp } from "../../../test/render";
import TransferPage from "./TransferPage";

interface Asked {
  path: string;
  key: string | null;
  body: unknown;
}

/** A platform that takes one of two tasks of a file. */
function platform(): Asked[] {
  const asked: Asked[] = [];
  globalThis.fetch = (async (path: string, init: RequestInit) => {
    const headers = init.headers as Record<string, string>;
    asked.push({ path, key: headers["Idempotency-Key"] ?? null, body: init.body });
    const dry = path.includes("dry_run=true");
    const answer = {
      change: dry ? null : "the-change",
      dry_run: dry,
      created: 1,
      replaced: 0,
      skipped: 1,
      items: [
        { line: 1, title: "Buy milk", action: "created", id: "a" },
        { line: 3, title: "Call home", action: "skipped", id: "b" },
      ],
      problems: [{ line: 2, field: "due", message: "is no day" }],
      problems_omitted: 0,
    };
    return { ok: true, status: 200, headers: new Map(), json: async () => answer, blob: async () => "tasks" };
  }) as unknown as typeof fetch;
  return asked;
}

const file = new File(["Buy milk"], "todo.txt", { type: "text/plain" });

test("a file is previewed, taken in under a key, and taken back", async () => {
  const asked = platform();
  renderApp(<TransferPage />);
  await userEvent.upload(screen.getByLabelText("File"), file);
  expect(await screen.findByText("Buy milk")).toBeVisible();
  expect(screen.getByRole("status")).toHaveTextContent("1 to be created, 0 to be replaced, 1 to be skipped");
  expect(screen.getByText("Line 2:").closest("li")).toHaveTextContent("Line 2: due: is no day");
  expect(asked.map(({ path, key }) => [path, key])).toEqual([
    ["/api/tasks/import?format=todo.txt&on_conflict=skip&dry_run=true", null],
  ]);

  await userEvent.click(screen.getByRole("button", { name: "Import 1 task" }));
  const undo = await screen.findByRole("button", { name: "Undo" });
  expect(asked[1]).toEqual({
    path: "/api/tasks/import?format=todo.txt&on_conflict=skip&dry_run=false",
    key: expect.stringMatching(/.{36}/),
    body: file,
  });
  await userEvent.click(undo);
  expect(asked[2]).toMatchObject({ path: "/api/undo", body: JSON.stringify({ change: "the-change" }) });
  expect(screen.queryByText("Buy milk")).toBeNull();
});

test("another choice for tasks that are there is previewed anew", async () => {
  const asked = platform();
  renderApp(<TransferPage />);
  await userEvent.upload(screen.getByLabelText("File"), file);
  await userEvent.selectOptions(await screen.findByLabelText("Tasks that are there already"), "replace");
  await screen.findByText("Buy milk");
  expect(asked.at(-1)?.path).toBe("/api/tasks/import?format=todo.txt&on_conflict=replace&dry_run=true");
});

test("an export is handed to the browser under its name", async () => {
  const asked = platform();
  URL.createObjectURL = () => "blob:tasks";
  let saved = "";
  jest.spyOn(HTMLAnchorElement.prototype, "click").mockImplementation(function (this: HTMLAnchorElement) {
    saved = `${this.href} ${this.download}`;
  });
  renderApp(<TransferPage />);
  await userEvent.click(screen.getByRole("button", { name: "Calendar (ics)" }));
  expect(asked[0]?.path).toBe("/api/tasks/export?format=ics");
  expect(saved).toBe("blob:tasks tasks.ics");
});
