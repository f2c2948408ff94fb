/** Start the page anew, with nothing of what it holds in memory. */
export function startOver(): void {
  location.replace("/today");
}
