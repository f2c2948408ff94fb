import { Connection, type ConnectionState } from "./connection";
import type { Cursor, ServerMessage } from "./protocol";

class FakeSocket {
  sent: string[] = [];
  closed = false;
  onopen: (() => void) | null = null;
  onmessage: ((event: { data: string }) => void) | null = null;
  onclose: ((event: { code: number }) => void) | null = null;
  constructor(readonly protocols: string[]) {}
  send(text: string) {
    this.sent.push(text);
  }
  close() {
    this.closed = true;
  }
  say(message: ServerMessage) {
    this.onmessage?.({ data: JSON.stringify(message) });
  }
}

let cursor: Cursor | null;
let token: string | null;
let sockets: FakeSocket[];
let states: ConnectionState[];
let heard: ServerMessage[];
/** How often the browser itself refuses to open one. */
let refusals: number;
let connection: Connection;
let ready: Promise<void>;

beforeEach(async () => {
  jest.useFakeTimers();
  jest.spyOn(Math, "random").mockReturnValue(0.5); // no jitter
  [cursor, token, sockets, states, heard, refusals] = [null, null, [], [], [], 0];
  ready = Promise.resolve();
  connection = new Connection({
    url: "ws://here/ws",
    cursor: () => cursor,
    token: async () => token,
    ready: () => ready,
    onMessage: (message) => heard.push(message),
    onState: (state) => states.push(state),
    open: (_url, protocols) => {
      const socket = new FakeSocket(protocols);
      sockets.push(socket);
      if (refusals-- > 0) throw new SyntaxError("The subprotocol is invalid.");
      return socket as unknown as WebSocket;
    },
  });
  connection.start();
  await jest.advanceTimersByTimeAsync(0);
});

afterEach(() => {
  connection.stop();
  jest.useRealTimers();
});

const latest = (): FakeSocket => {
  const socket = sockets.at(-1);
  if (!socket) throw new Error("no connection was opened");
  return socket;
};
const beat = (seq: number | null) => latest().say({ type: "heartbeat", epoch: seq === null ? null : 1, seq });

test("it says where it stands: nothing at first, its cursor when it comes back", async () => {
  latest().onopen?.();
  await jest.advanceTimersByTimeAsync(0);
  expect(latest().sent).toEqual(['{"type":"hello","epoch":null,"since":null}']);
  cursor = { epoch: 1, seq: 7 };
  connection.resync();
  await jest.advanceTimersByTimeAsync(0);
  latest().onopen?.();
  await jest.advanceTimersByTimeAsync(0);
  expect(latest().sent).toEqual(['{"type":"hello","epoch":1,"since":7}']);
  expect(sockets[0]?.closed).toBe(true);
});

test("it opens at once, and says where it stands as soon as that is known", async () => {
  let known = () => {};
  ready = new Promise((resolve) => {
    known = resolve;
  });
  connection.resync();
  await jest.advanceTimersByTimeAsync(0);
  latest().onopen?.();
  await jest.advanceTimersByTimeAsync(0);
  expect(latest().sent).toEqual([]);
  cursor = { epoch: 1, seq: 7 };
  known();
  await jest.advanceTimersByTimeAsync(0);
  expect(latest().sent).toEqual(['{"type":"hello","epoch":1,"since":7}']);
});

test("a token goes in the subprotocol, and is asked for anew each time", async () => {
  expect(latest().protocols).toEqual(["tasks.v1"]);
  token = "abc";
  connection.resync();
  await jest.advanceTimersByTimeAsync(0);
  expect(latest().protocols).toEqual(["tasks.v1", "bearer.abc"]);
});

test("it is live once the head is reached, away while the platform does not know the head", () => {
  cursor = { epoch: 1, seq: 7 };
  beat(null);
  expect(states.at(-1)).toBe("away");
  beat(7);
  expect(states.at(-1)).toBe("live");
});

test("a head that stays ahead brings it back by cursor", async () => {
  cursor = { epoch: 1, seq: 7 };
  beat(8);
  expect(sockets).toHaveLength(1);
  beat(8);
  await jest.advanceTimersByTimeAsync(0);
  expect(sockets).toHaveLength(2);
});

test("silence brings it back, a heartbeat in time does not", async () => {
  cursor = { epoch: 1, seq: 7 };
  await jest.advanceTimersByTimeAsync(10_000);
  beat(7);
  await jest.advanceTimersByTimeAsync(10_000);
  expect(sockets).toHaveLength(1);
  await jest.advanceTimersByTimeAsync(3_000);
  expect(sockets).toHaveLength(2);
});

test("a connection that breaks is opened again, ever more patiently, and shown as offline after a few", async () => {
  for (let broken = 1; broken <= 3; broken++) {
    latest().onclose?.({ code: 1006 });
    await jest.advanceTimersByTimeAsync(400 * 2 ** broken);
    expect(sockets).toHaveLength(broken + 1);
  }
  expect(states).toContain("offline");
});

test("the device coming back online does not wait", async () => {
  latest().onclose?.({ code: 4429 });
  await jest.advanceTimersByTimeAsync(5_000);
  expect(sockets).toHaveLength(1);
  dispatchEvent(new Event("online"));
  await jest.advanceTimersByTimeAsync(0);
  expect(sockets).toHaveLength(2);
});

test("what an old connection still says is not heard", async () => {
  const old = latest();
  connection.resync();
  await jest.advanceTimersByTimeAsync(0);
  old.say({ type: "pong" });
  expect(heard).toEqual([]);
});

test("an opening that the browser refuses is tried again as one that failed", async () => {
  refusals = 2;
  connection.resync();
  await jest.advanceTimersByTimeAsync(0);
  expect(sockets).toHaveLength(2);
  await jest.advanceTimersByTimeAsync(2_000);
  expect(sockets).toHaveLength(4);
  cursor = { epoch: 1, seq: 7 };
  beat(7);
  expect(states.at(-1)).toBe("live");
});

test.each(["{", "null"])("a message that cannot be read (%s) is made up for by cursor", async (text) => {
  latest().onmessage?.({ data: text });
  await jest.advanceTimersByTimeAsync(0);
  expect([sockets.length, sockets[0]?.closed, heard]).toEqual([2, true, []]);
});

test("what coming back does not cure is tried ever more seldom, until it is live", async () => {
  cursor = { epoch: 1, seq: 7 };
  for (let again = 0; again < 6; again++) {
    connection.resync();
    connection.resync();
    await jest.advanceTimersByTimeAsync(1_000);
  }
  expect(sockets.length).toBeLessThan(8);
  await jest.advanceTimersByTimeAsync(20_000);
  latest().onopen?.();
  beat(7);
  const before = sockets.length;
  connection.resync();
  await jest.advanceTimersByTimeAsync(0);
  expect(sockets).toHaveLength(before + 1);
});
