import { Check, Copy } from "lucide-react";
import { useEffect, useState } from "react";
import { useTranslations } from "use-intl";
import { Button } from "./Button";
import styles from "./CopyText.module.css";

const SAID_MS = 3_000;

/** A text that is meant to be taken elsewhere, with a button that copies it. */
export function CopyText({ text, label, hidden = false }: { text: string; label: string; hidden?: boolean }) {
  const t = useTranslations("app");
  const [copied, setCopied] = useState<boolean | null>(null);
  useEffect(() => {
    if (copied === null) return;
    const timer = setTimeout(() => setCopied(null), SAID_MS);
    return () => clearTimeout(timer);
  }, [copied]);
  const copy = () =>
    navigator.clipboard.writeText(text).then(
      () => setCopied(true),
      () => setCopied(false),
    );
  return (
    <div className={styles.box}>
      {/* biome-ignore lint/a11y/useSemanticElements: no input: it has lines */}
      <div
        className={styles.text}
        role="textbox"
        aria-readonly="true"
        aria-multiline="true"
        aria-label={label}
        tabIndex={0}
        dir="ltr"
      >
        {hidden ? "•".repeat(24) : text}
      </div>
      <Button className={styles.button} aria-label={t("copyNamed", { name: label })} onClick={() => void copy()}>
        {copied ? <Check size={15} aria-hidden="true" /> : <Copy size={15} aria-hidden="true" />}
        {copied === false ? t("copyFailed") : copied ? t("copied") : t("copy")}
      </Button>
      <output className="hidden-visually">{copied ? t("copied") : copied === false ? t("copyFailed") : ""}</output>
    </div>
  );
}
