const COUNTS = 0x1000;
let last = { at: 0, count: 0 };

/** A UUID of version 7, larger than the one before: tasks made offline keep the order they were made in. */
export function uuid7(now: number = Date.now()): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  last = following(now, bytes[6] ?? 0);
  for (let place = 0; place < 6; place++) bytes[place] = Math.floor(last.at / 2 ** (8 * (5 - place))) % 256;
  bytes[6] = (last.count >> 8) | 0x70;
  bytes[7] = last.count & 0xff;
  bytes[8] = ((bytes[8] ?? 0) & 0x3f) | 0x80;
  const hex = Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;
}

/** Within a millisecond, and where the clock goes back, a count goes on. */
function following(now: number, random: number): typeof last {
  if (now > last.at) return { at: now, count: random };
  return last.count + 1 < COUNTS ? { at: last.at, count: last.count + 1 } : { at: last.at + 1, count: random };
}
