import { useSyncExternalStore } from "react";

const PHONE = "(max-width: 720px)";

function subscribe(callback: () => void): () => void {
  const media = matchMedia(PHONE);
  media.addEventListener("change", callback);
  return () => media.removeEventListener("change", callback);
}

/** Whether there is only the room of a phone. */
export function usePhone(): boolean {
  return useSyncExternalStore(
    subscribe,
    () => matchMedia(PHONE).matches,
    () => false,
  );
}

export function useRowHeight(): number {
  return usePhone() ? 62 : 44;
}
