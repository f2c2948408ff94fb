import { CloudOff } from "lucide-react";
import { useTranslations } from "use-intl";
import { Button } from "./Button";
import { Empty } from "./Empty";

/** Stands where something could not be fetched: why, and the way to try again. */
export function Failed({ error, onRetry }: { error: Error; onRetry: () => void }) {
  const t = useTranslations("app");
  const hint = error.name === "NetworkError" ? t("unreachable") : error.message;
  return (
    <div role="alert">
      <Empty icon={<CloudOff />} title={t("failed")} hint={hint}>
        <Button onClick={onRetry}>{t("retry")}</Button>
      </Empty>
    </div>
  );
}
