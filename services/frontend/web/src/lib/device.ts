/**
 * Small things that the device keeps between visits. A browser may refuse both, by its settings or for want of space:
 * then nothing was kept, and the page goes on.
 */
export function kept(name: string): string | null {
  try {
    return localStorage.getItem(name);
  } catch {
    return null;
  }
}

/** Keep a text, or with null nothing any more; false where the browser refuses. */
export function keep(name: string, text: string | null): boolean {
  try {
    if (text === null) localStorage.removeItem(name);
    else localStorage.setItem(name, text);
    return true;
  } catch {
    return false;
  }
}

export function names(): string[] {
  try {
    return Object.keys(localStorage);
  } catch {
    return [];
  }
}
