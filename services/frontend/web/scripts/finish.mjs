// After `next build`: what the export needs beside its files. The frontend service reads views.json to know the addresses
// of the page; sw.js gets the list of files that make up this build, so that the page starts without a network.
import { createHash } from "node:crypto";
import { cpSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";

const OUT = "out";

function files(folder) {
  return readdirSync(folder).flatMap((name) => {
    const path = join(folder, name);
    return statSync(path).isDirectory() ? files(path) : [path];
  });
}

cpSync("src/views.json", join(OUT, "views.json"));
for (const name of ["404.html", "404", "_not-found.html", "_not-found", "index.txt", "_not-found.txt"]) {
  rmSync(join(OUT, name), { force: true, recursive: true });
}
for (const path of files(OUT)) if (path.endsWith(".txt")) rmSync(path);

const page = readFileSync(join(OUT, "index.html"));
const shell = files(join(OUT, "_next")).filter(
  (path) => /\.(js|css|woff2)$/.test(path) && !/-(cyrillic|greek|vietnamese)/.test(path),
);
const addresses = shell.map((path) => `/${path.slice(OUT.length + 1).replaceAll("\\", "/")}`).sort();
const version = createHash("sha256").update(page).update(addresses.join("\n")).digest("hex").slice(0, 16);
const worker = readFileSync(join(OUT, "sw.js"), "utf8");
writeFileSync(
  join(OUT, "sw.js"),
  worker.replace("__VERSION__", version).replace('["__FILES__"]', JSON.stringify(["/", "/icon.svg", ...addresses])),
);

for (const path of files(OUT)) {
  if (/\.(js|css|svg|webmanifest)$/.test(path)) writeFileSync(`${path}.gz`, gzipSync(readFileSync(path), { level: 9 }));
}
