// A proxy before the platform, as networks have them: it passes calls on, and does with WebSockets what it is told to.
import { createServer, request } from "node:http";
import { connect } from "node:net";
import { PAGE } from "./window.mjs";

/**
 * Start a proxy; `sockets` says what becomes of WebSockets: they `pass`, are `refused`, or `swallowed` without a word.
 * Whatever is set ends those that are open, as a change of network does.
 */
export async function startProxy() {
  const { hostname, port, origin } = new URL(PAGE);
  const own = (headers) => ({ ...headers, host: `${hostname}:${port}`, ...(headers.origin ? { origin } : {}) });
  const open = new Set();
  let mode = "pass";
  const server = createServer((incoming, answer) => {
    const { method, url, headers } = incoming;
    const onward = request({ hostname, port, method, path: url, headers: own(headers) }, (found) => {
      answer.writeHead(found.statusCode, found.headers);
      found.pipe(answer);
    });
    onward.on("error", () => answer.destroy());
    incoming.pipe(onward);
  });
  server.on("upgrade", ({ url, headers }, socket, head) => {
    open.add(socket);
    socket.on("close", () => open.delete(socket)).on("error", () => {});
    if (mode === "swallowed") return;
    if (mode === "refused") {
      socket.end("HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
      return;
    }
    const onward = connect(port, hostname, () => {
      const lines = Object.entries(own(headers)).map(([name, value]) => `${name}: ${value}\r\n`);
      onward.write(`GET ${url} HTTP/1.1\r\n${lines.join("")}\r\n`);
      onward.write(head);
      socket.pipe(onward).pipe(socket);
    });
    onward.on("error", () => socket.destroy()).on("close", () => socket.destroy());
    socket.on("close", () => onward.destroy());
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    url: `http://127.0.0.1:${server.address().port}`,
    set sockets(wanted) {
      mode = wanted;
      for (const socket of open) socket.destroy();
    },
    stop() {
      this.sockets = "refused";
      server.close();
      server.closeAllConnections();
    },
  };
}
