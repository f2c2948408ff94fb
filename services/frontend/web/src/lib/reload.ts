/** Start the page anew, with nothing of what it holds in memory. */
export function startOver(): void {
  location.replace("/today");
}

const RELOADED = "reloaded";
const MINUTE_MS = 60_000;

/** Load the page again; not twice within a minute, so that what a fresh page does not cure is seen. */
export function reloadOnce(): void {
  const now = Date.now();
  if (now - Number(sessionStorage.getItem(RELOADED)) < MINUTE_MS) return;
  sessionStorage.setItem(RELOADED, String(now));
  location.reload();
}
