// How much a processor has to be slowed down to be that of a mid-range phone, whatever machine this is. Four times, which
// is usual, takes a fast desktop there, and a slow one far below.

/** Lighthouse's BenchmarkIndex of a Pixel 5, to which the browser's own tools calibrate their "mid-tier mobile". */
const MIDDLE = 1_000;
const MEASUREMENTS = 15; // a machine that is shared is half as quick from one second to the next
const NEAR = 0.05;
const TRIES = 6;

/** Return how often slower `rate` makes it, its index as it is and as it is then; 1 where it is no faster by itself. */
export async function calibrate(page) {
  const session = await page.context().newCDPSession(page);
  await middle(page); // the browser is still starting, and the compiler warms up
  const index = await middle(page);
  let [rate, nearest] = [Math.max(1, index / MIDDLE), { rate: 1, slowed: index }];
  for (let number = 0; number < TRIES && off(nearest) > NEAR && index > MIDDLE; number++) {
    await session.send("Emulation.setCPUThrottlingRate", { rate });
    const found = { rate, slowed: await middle(page) };
    if (off(found) < off(nearest)) nearest = found;
    rate = Math.max(1, rate * (found.slowed / MIDDLE));
  }
  await session.send("Emulation.setCPUThrottlingRate", { rate: 1 });
  return { ...nearest, index };
}

const off = ({ slowed }) => Math.abs(slowed / MIDDLE - 1);

async function middle(page) {
  const found = [];
  for (let number = 0; number < MEASUREMENTS; number++) found.push(await page.evaluate(benchmark));
  return found.sort((a, b) => a - b)[MEASUREMENTS >> 1];
}

/** BenchmarkIndex: how often in 100 ms a string of 10,000 letters is put together, and 100,000 numbers are copied; the mean. */
function benchmark() {
  const often = (work) => {
    const began = performance.now();
    let count = 0;
    while (performance.now() - began < 250) {
      for (let number = 0; number < 10; number++) work(count++);
    }
    return count / ((performance.now() - began) / 100);
  };
  const strings = () => {
    let text = "";
    for (let number = 0; number < 10_000; number++) text += "a";
    if (text.length === 1) throw new Error("never, which only the compiler does not know");
  };
  const numbers = [0, 1].map(() => Array.from({ length: 100_000 }, (_, number) => number));
  const copies = (count) => {
    const [from, to] = [numbers[count % 2], numbers[(count + 1) % 2]];
    for (let number = 0; number < from.length; number++) to[number] = from[number];
  };
  return (often(strings) + often(copies)) / 2;
}
