import { type RefObject, useEffect } from "react";
import type { Task } from "@/api/types";
import { keepPersonal, personal } from "@/lib/account";
import { keep } from "@/lib/device";
import { dueOf, NEVER } from "@/lib/due";
import type { Clock } from "@/lib/view";
import { addDays, instantOf } from "@/lib/zones";
import { useClock, useEngine } from "../app/context";
import { selection } from "../tasks/selection";
import { LAST_VIEW, type LastView } from "./draw";

const LARGEST = 200_000; // letters: the device keeps some five million in all
/** What the page finds the list's own elements by: a picture has none of that. */
const MARKS = ["id", "data-list", "data-task", "data-open", "data-add", "data-waiting"];

/**
 * Keep how a list looks whenever its window is left, for the next start to begin with. Any change of the tasks, in
 * whichever window, makes it a thing of the past, which nobody is shown.
 */
export function useKeptView(shell: RefObject<HTMLElement | null>): void {
  const engine = useEngine();
  const clock = useClock();
  useEffect(() => {
    const stop = new AbortController();
    const left = () => {
      if (document.visibilityState !== "hidden" || !shell.current) return;
      keepView(shell.current, engine.store.getState().tasks, clock);
    };
    document.addEventListener("visibilitychange", left, stop); // also where the page is left, right after its `pagehide`
    addEventListener("pagehide", left, stop); // of a window that was hidden before
    return () => stop.abort();
  }, [shell, engine, clock]);
  useEffect(
    () => engine.store.subscribe(({ tasks }, before) => tasks !== before.tasks && keep(personal(LAST_VIEW), null)),
    [engine],
  );
}

/** Keep how the page looks now, unless a page that starts here would look otherwise. */
export function keepView(shell: HTMLElement, tasks: ReadonlyMap<string, Task>, { zone, today }: Clock): void {
  const html = startsLike(shell) ? pictureOf(shell) : "";
  const view: LastView = {
    address: location.pathname + location.search,
    build: globalThis.pageBuild ?? "",
    width: innerWidth,
    height: innerHeight,
    from: Date.now(),
    until: Math.min(instantOf(`${addDays(today, 1)}T00:00`, zone), nextEnd(tasks.values(), zone)),
    html,
  };
  if (html === "" || html.length > LARGEST) keep(personal(LAST_VIEW), null);
  else keepPersonal(LAST_VIEW, JSON.stringify(view));
}

/** When the next of the open tasks is overdue. */
function nextEnd(tasks: Iterable<Task>, zone: string): number {
  let [next, now] = [NEVER, Date.now()];
  for (const task of tasks) {
    const end = task.status === "open" ? dueOf(task, zone)?.end : undefined;
    if (end !== undefined && end >= now && end < next) next = end;
  }
  return next;
}

/** Whether what is on the screen is a list at its top, with nothing begun: no window over it, no words in its line. */
function startsLike(shell: HTMLElement): boolean {
  const { ids, choosing } = selection.getState();
  const list = shell.querySelector("[data-list]");
  const line = shell.querySelector<HTMLInputElement>("[data-add]");
  const covered = shell.closest("[aria-hidden=true]") || document.querySelector("[data-radix-popper-content-wrapper]");
  const details = new URLSearchParams(location.search).has("task");
  return list?.scrollTop === 0 && !line?.value && !covered && !details && !choosing && ids.size === 0;
}

function pictureOf(shell: HTMLElement): string {
  const picture = shell.cloneNode(true) as HTMLElement;
  for (const pill of picture.querySelectorAll<HTMLElement>("[data-connection]")) {
    pill.dataset["connection"] = "connecting";
    pill.style.visibility = "hidden";
  }
  for (const gone of picture.querySelectorAll("[data-passing]")) gone.remove();
  for (const mark of MARKS) for (const found of picture.querySelectorAll(`[${mark}]`)) found.removeAttribute(mark);
  return picture.outerHTML;
}
