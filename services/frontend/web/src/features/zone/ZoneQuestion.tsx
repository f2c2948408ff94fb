import { lazy, Suspense, useState } from "react";
import { keepPersonal, personal } from "@/lib/account";
import { kept } from "@/lib/device";
import { deviceZone } from "@/lib/zones";
import { useApp } from "../app/context";
import { useKnownMe } from "../app/me";

const ZoneBanner = lazy(() => import("./ZoneBanner"));
const KEPT = "zone-kept";

/** Asks, where the device's clock is not the person's, which of them counts; an answer is remembered. */
export function ZoneQuestion() {
  const me = useKnownMe(useApp().session);
  const [answer, setAnswer] = useState(() => kept(personal(KEPT)));
  const here = deviceZone();
  if (!me || canonical(here) === canonical(me.time_zone)) return null;
  const pair = `${here} ${me.time_zone}`;
  if (answer === pair) return null;
  const settle = () => {
    keepPersonal(KEPT, pair);
    setAnswer(pair);
  };
  return (
    <Suspense>
      <ZoneBanner here={here} setting={me.time_zone} onKeep={settle} />
    </Suspense>
  );
}

/** One name for zones that have several, such as Asia/Calcutta and Asia/Kolkata. */
function canonical(zone: string): string {
  try {
    return new Intl.DateTimeFormat("en", { timeZone: zone }).resolvedOptions().timeZone;
  } catch {
    return zone;
  }
}
