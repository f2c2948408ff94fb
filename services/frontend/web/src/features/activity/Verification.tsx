import { ShieldAlert, ShieldCheck, ShieldQuestion } from "lucide-react";
import { useTranslations } from "use-intl";
import type { Proof } from "@/api/types";
import { Button } from "@/ui/Button";
import { CopyText } from "@/ui/CopyText";
import { Popover } from "@/ui/Popover";
import { Spinner } from "@/ui/Spinner";
import styles from "./Activity.module.css";
import { useProof } from "./trail";

/** Whether the trail is whole; behind it what that means, the hash that stands for it, and the way to look again. */
export function Verification() {
  const t = useTranslations("activity.proof");
  const { data, error, isFetching, refetch } = useProof();
  const state = error ? "unknown" : data ? (data.ok ? "whole" : "broken") : "checking";
  const Icon = { whole: ShieldCheck, broken: ShieldAlert, unknown: ShieldQuestion, checking: ShieldQuestion }[state];
  return (
    <Popover
      label={t("title")}
      trigger={
        <Button tone="ghost" className={styles[state]} data-proof={state}>
          <Icon size={16} aria-hidden="true" />
          {t(state)}
        </Button>
      }
    >
      <div className={styles.proof}>
        <h2 className={styles.proofTitle}>{t("title")}</h2>
        <p>{t("hint")}</p>
        {isFetching ? <Spinner label={t("checking")} /> : data && !error ? <Result proof={data} /> : null}
        {error && !isFetching ? <p role="alert">{t("unknownHint")}</p> : null}
        <Button disabled={isFetching} onClick={() => void refetch()}>
          {t("again")}
        </Button>
      </div>
    </Popover>
  );
}

function Result({ proof }: { proof: Proof }) {
  const t = useTranslations("activity.proof");
  if (!proof.ok) {
    return (
      <p role="alert" className={styles.broken}>
        {t("brokenHint", { index: proof.broken_at ?? 0, reason: proof.reason ?? "" })}
      </p>
    );
  }
  return (
    <>
      <p className={styles.whole}>{t("wholeHint", { count: proof.entries })}</p>
      {proof.behind ? <p className={styles.behind}>{t("behind", { count: proof.behind })}</p> : null}
      <CopyText text={proof.head} label={t("head")} />
    </>
  );
}
