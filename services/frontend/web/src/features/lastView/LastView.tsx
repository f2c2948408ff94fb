import { useLayoutEffect } from "react";
import { useTranslated } from "@/i18n/locale";
import { useShown } from "../app/context";
import { DRAW, LAST_VIEW } from "./draw";
import styles from "./LastView.module.css";

/**
 * Where the view that was left last is drawn again, over the page, until the page itself shows it. It is a picture:
 * nothing in it can be pressed, or is told to a screen reader.
 */
export function LastView() {
  return (
    <>
      <div
        id={LAST_VIEW}
        className={styles.view}
        inert
        aria-hidden
        suppressHydrationWarning
        // biome-ignore lint/security/noDangerouslySetInnerHtml: React leaves alone what the script below puts here
        dangerouslySetInnerHTML={EMPTY}
      />
      {/* biome-ignore lint/security/noDangerouslySetInnerHtml: a constant */}
      <script dangerouslySetInnerHTML={SCRIPT} />
    </>
  );
}

const EMPTY = { __html: "" };
const SCRIPT = { __html: DRAW };

const PATIENCE_MS = 1_000;

/** Calls `onThere` with the paint that shows the list in the person's language, or when that does not come soon. */
export function WhenThere({ onThere }: { onThere: () => void }) {
  const loaded = useShown((shown) => shown.loaded);
  const translated = useTranslated();
  useLayoutEffect(() => {
    if (loaded && translated) return onThere();
    const late = setTimeout(onThere, PATIENCE_MS);
    return () => clearTimeout(late);
  }, [loaded, translated, onThere]);
  return null;
}
