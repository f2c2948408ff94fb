// After `next build`: what the export needs beside its files. The frontend service reads views.json to know the addresses
// of the page; sw.js gets the list of files that make up this build, so that the page starts without a network.
import { createHash } from "node:crypto";
import { cpSync, existsSync, readdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { brotliCompressSync, gzipSync } from "node:zlib";

const OUT = "out.new";
const SMALL = 12_000; // a script of so few letters is compiled in no time, and would only grow

function files(folder) {
  return readdirSync(folder).flatMap((name) => {
    const path = join(folder, name);
    return statSync(path).isDirectory() ? files(path) : [path];
  });
}

const sha256 = (content) => createHash("sha256").update(content).digest("hex");

cpSync("src/views.json", join(OUT, "views.json"));
for (const name of ["404.html", "404", "_not-found.html", "_not-found", "index.txt", "_not-found.txt"]) {
  rmSync(join(OUT, name), { force: true, recursive: true });
}
for (const path of files(OUT)) if (path.endsWith(".txt")) rmSync(path);

// What the page starts with runs nearly all at once: compiled as a whole, which Chromium does beside the page's own thread
// while the file comes in, it does not stop at each function that is called for the first time.
const start = readFileSync(join(OUT, "index.html"), "utf8").matchAll(/<script src="\/([^"]+)" async/g);
for (const path of new Set(Array.from(start, ([, address]) => join(OUT, address)))) {
  const script = readFileSync(path, "utf8");
  if (script.length > SMALL) writeFileSync(path, `//# allFunctionsCalledOnLoad\n${script}`);
}

const shell = files(OUT)
  .filter((path) => /\.(js|css|woff2|svg|png|webmanifest)$/.test(path) && path !== join(OUT, "sw.js"))
  .filter((path) => !/-(cyrillic|greek|vietnamese)/.test(path))
  .sort();
const page = sha256(readFileSync(join(OUT, "index.html")));
const addresses = shell.map((path) => `/${path.slice(OUT.length + 1).replaceAll("\\", "/")}`);
const version = sha256([page, ...shell.map((path) => sha256(readFileSync(path)))].join()).slice(0, 16);
const worker = readFileSync(join(OUT, "sw.js"), "utf8")
  .replace("__VERSION__", version)
  .replace("__PAGE__", page)
  .replace('["__FILES__"]', JSON.stringify(addresses));
writeFileSync(join(OUT, "sw.js"), worker);

for (const path of files(OUT)) {
  if (!/\.(html|js|css|svg|webmanifest)$/.test(path)) continue;
  const content = readFileSync(path);
  writeFileSync(`${path}.gz`, gzipSync(content, { level: 9 }));
  writeFileSync(`${path}.br`, brotliCompressSync(content));
}

// Only now is it in the place of the last one: a start in between finds one or the other, and never half of it.
rmSync("out.old", { force: true, recursive: true });
if (existsSync("out")) renameSync("out", "out.old");
renameSync(OUT, "out");
rmSync("out.old", { force: true, recursive: true });
