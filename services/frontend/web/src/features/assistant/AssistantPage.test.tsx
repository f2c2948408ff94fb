import { act, screen, waitFor, within } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import type { LogEvent, ServerMessage } from "@/sync/protocol";
import { type Answer, fakePlatform } from "../../../test/platform";
import { liveEngine, renderApp, task } from "../../../test/render";
import { Toasts } from "../toasts/Toasts";
import AssistantPage from "./AssistantPage";

const AT = "2026-11-20T08:30:00Z";
let last = 0;

/** A conversation of its own for each test: what is heard and drafted outlives a view. */
function fresh(): string {
  return `c${++last}`;
}

function turn(id: string, fields: object = {}) {
  return {
    id,
    at: AT,
    message: `ask ${id}`,
    reply: `reply ${id}`,
    changes: [],
    asks: false,
    choices: 0,
    failed: false,
    ...fields,
  };
}

interface Platform {
  turns?: Record<string, object[]>;
  chat?: (body: { message: string; conversation?: string }) => Answer;
  list?: object[];
  undo?: () => Answer;
}

function show(address: string, { turns = {}, chat, list = [], undo }: Platform = {}) {
  history.replaceState(null, "", address);
  const heard = fakePlatform({
    "GET /api/chat": () => ({ items: list }),
    "GET /api/chat/*": (_, url) => {
      const id = url.pathname.split("/").at(-1) ?? "";
      const items = turns[id];
      return items ? { conversation: id, items } : [404, { detail: `There is no conversation ${id}.` }];
    },
    "POST /api/chat": (body) => chat?.(body as { message: string }) ?? [500, {}],
    "DELETE /api/chat/*": () => [204],
    "GET /api/audit": () => ({ items: [{ change: "ch1", task_id: "a", title: "Pay rent" }], next_cursor: null }),
    "POST /api/undo": () => undo?.() ?? { change: "u", tasks: [] },
  });
  let listener: (message: ServerMessage) => void = () => {};
  let follower: (events: readonly LogEvent[]) => void = () => {};
  const { engine } = renderApp(
    <>
      <AssistantPage />
      <Toasts />
    </>,
    liveEngine([task({ id: "a", title: "Pay rent" })]),
    {
      listen: (one) => {
        listener = one;
        return () => {};
      },
      follow: (one) => {
        follower = one;
        return () => {};
      },
    },
  );
  return {
    engine,
    heard,
    hear: (message: object) => act(() => listener({ type: "chat", ...message })),
    follow: (event: object) => act(() => follower([event as LogEvent])),
  };
}

const input = () => screen.getByLabelText("Message");

test("a first message begins a conversation, and its address leads back to it", async () => {
  const id = fresh();
  const { heard } = show("/assistant", { chat: ({ message }) => ({ ...turn("t1", { message }), conversation: id }) });
  await userEvent.type(input(), "what is due?{Enter}");
  await waitFor(() => expect(location.pathname).toBe(`/assistant/${id}`));
  expect(await screen.findByText("reply t1")).toBeVisible();
  expect(input()).toHaveValue("");
  expect(heard.filter(({ call }) => call === "POST /api/chat").map(({ body }) => body)).toEqual([
    { message: "what is due?" },
  ]);
});

test("what was changed is told with its tasks, and can be taken back", async () => {
  const id = fresh();
  const { heard } = show(`/assistant/${id}`, { turns: { [id]: [turn("t1", { changes: ["ch1"] })] } });
  expect(await screen.findByRole("link", { name: "Pay rent" })).toHaveAttribute("href", `/assistant/${id}?task=a`);
  await userEvent.click(await screen.findByRole("button", { name: "Undo" }));
  await waitFor(() => expect(screen.queryByRole("button", { name: "Undo" })).toBeNull());
  expect(heard.find(({ call }) => call === "POST /api/undo")?.body).toEqual({ change: "ch1" });
});

test("a change that cannot be taken back says why, and the button stays", async () => {
  const id = fresh();
  show(`/assistant/${id}`, {
    turns: { [id]: [turn("t1", { changes: ["ch1"] })] },
    undo: () => [409, { detail: "Pay rent has changed since." }],
  });
  await userEvent.click(await screen.findByRole("button", { name: "Undo" }));
  expect(await screen.findByText(/Pay rent has changed since/)).toBeVisible();
  expect(screen.getByRole("button", { name: "Undo" })).toBeEnabled();
});

test("tasks of a change are learnt from the log as it is made", async () => {
  const id = fresh();
  const { follow } = show(`/assistant/${id}`, { turns: { [id]: [turn("t1", { changes: ["live"] })] } });
  expect(await screen.findByText("Tasks were changed")).toBeVisible();
  follow({ change: "live", task: task({ id: "gone", title: "Call Ines" }) });
  expect(screen.getByText("Call Ines")).toBeVisible();
  expect(screen.queryByRole("link", { name: "Call Ines" })).toBeNull();
});

test.each([
  [0, "Yes", "yes"],
  [0, "No", "no"],
  [3, "2", "2"],
])("a question (%s choices) is answered by its button %s", async (choices, button, message) => {
  const id = fresh();
  const { heard } = show(`/assistant/${id}`, {
    turns: { [id]: [turn("t1", { asks: true }), turn("t2", { asks: true, choices })] },
    chat: (body) => ({ ...turn("t3", body), conversation: id }),
  });
  await userEvent.click(await screen.findByRole("button", { name: button }));
  await waitFor(() => expect(screen.queryByRole("button", { name: button })).toBeNull());
  expect(heard.find(({ call }) => call === "POST /api/chat")?.body).toEqual({ conversation: id, message });
});

test("a message that is refused or not answered is still in the input; sent again, it has the same key", async () => {
  const id = fresh();
  const keys: unknown[] = [];
  const answers: Answer[] = [
    [503, { detail: "The store is away." }],
    [422, { detail: "No such thing." }],
    { ...turn("t1"), conversation: id },
  ];
  show(`/assistant/${id}`, { turns: { [id]: [] }, chat: () => answers.shift() ?? [500] });
  const send = globalThis.fetch;
  globalThis.fetch = ((path: string, init: RequestInit) => {
    if (init.method === "POST") keys.push((init.headers as Record<string, string>)["Idempotency-Key"]);
    return send(path, init);
  }) as typeof fetch;
  await userEvent.type(input(), "add milk{Enter}");
  expect(await screen.findByRole("alert")).toHaveTextContent("The store is away.");
  expect(input()).toHaveValue("add milk");
  await userEvent.click(screen.getByRole("button", { name: "Send" }));
  expect(await screen.findByText("No such thing.")).toBeVisible();
  expect(input()).toHaveValue("add milk");
  await userEvent.click(screen.getByRole("button", { name: "Send" }));
  expect(await screen.findByText("reply t1")).toBeVisible();
  expect(input()).toHaveValue("");
  expect(keys[0]).toBe(keys[1]);
  expect(keys[2]).not.toBe(keys[1]);
});

test("where the model failed the message is still in the input, also of a first one", async () => {
  const id = fresh();
  show("/assistant", {
    chat: ({ message }) => ({
      ...turn("t1", { message, failed: true, reply: "I could not answer" }),
      conversation: id,
    }),
  });
  await userEvent.type(input(), "plan my day{Enter}");
  expect(await screen.findByText("I could not answer")).toBeVisible();
  expect(input()).toHaveValue("plan my day");
});

test("a turn of another window is followed: that it is being made, then its answer", async () => {
  const id = fresh();
  const turns: Record<string, object[]> = { [id]: [turn("t1")] };
  const { hear } = show(`/assistant/${id}`, { turns });
  await screen.findByText("reply t1");
  hear({ conversation: id, turn: "t2", state: "working" });
  expect(screen.getByText("Working on it")).toBeVisible();
  turns[id]?.push(turn("t2"));
  hear({ conversation: id, turn: "t2", state: "done", reply: "reply t2", changes: [] });
  expect(await screen.findByText("reply t2")).toBeVisible();
  expect(screen.queryByText("Working on it")).toBeNull();
});

test("a conversation without a turn can be taken up again", async () => {
  const id = fresh();
  const listed = { id, title: "plan my week", created_at: AT, updated_at: AT, turns: 0 };
  show("/assistant", { turns: { [id]: [] }, list: [listed] });
  await userEvent.click(await screen.findByRole("link", { name: /plan my week.*no answer/ }));
  expect(await screen.findByText("Nothing was answered here yet")).toBeVisible();
  await userEvent.click(screen.getByRole("button", { name: "Take it up again" }));
  expect(input()).toHaveValue("plan my week");
});

test("a conversation is deleted after one more press", async () => {
  const id = fresh();
  const { heard } = show(`/assistant/${id}`, { turns: { [id]: [turn("t1")] } });
  await userEvent.click(await screen.findByRole("button", { name: "Delete the conversation" }));
  await userEvent.click(screen.getByRole("button", { name: "Delete it?" }));
  await waitFor(() => expect(location.pathname).toBe("/assistant"));
  expect(heard.some(({ call }) => call === `DELETE /api/chat/${id}`)).toBe(true);
});

test("a conversation that is gone says so", async () => {
  show("/assistant/none");
  expect(await screen.findByText("There is no such conversation")).toBeVisible();
});

test("what a reply says of HTML stays text", async () => {
  const id = fresh();
  show(`/assistant/${id}`, { turns: { [id]: [turn("t1", { reply: "<b>bold</b> and **strong**" })] } });
  const reply = await screen.findByText(/<b>bold<\/b>/);
  await waitFor(() => expect(within(reply.closest("li") as HTMLElement).queryByText(/strong/)).not.toBeNull());
  expect(document.querySelector("li b")).toBeNull();
});

test("where no WebSocket tells what was asked elsewhere, it is asked for; where one does, it is not", async () => {
  jest.useFakeTimers();
  try {
    const id = fresh();
    const turns = { [id]: [turn("t1")] };
    const { engine, heard } = show(`/assistant/${id}`, { turns });
    const pass = (milliseconds: number) => act(() => jest.advanceTimersByTimeAsync(milliseconds));
    await pass(500);
    const times = heard.length;
    await pass(60_000);
    expect(heard).toHaveLength(times);
    act(() => engine.setConnection("polling"));
    turns[id] = [turn("t1"), turn("t2")];
    await pass(15_500);
    expect(screen.getByText("reply t2")).toBeInTheDocument();
  } finally {
    jest.useRealTimers();
  }
});
