import { useTranslations } from "use-intl";
import { CopyText } from "@/ui/CopyText";
import { Section } from "./Section";
import styles from "./Settings.module.css";

/** The settings of an MCP client that add the platform, as most clients take them. */
export function clientSettings(secret: string): string {
  const server = {
    type: "http",
    url: `${location.origin}/mcp`,
    headers: { Authorization: `Bearer ${secret}` },
  };
  return JSON.stringify({ mcpServers: { tasks: server } }, null, 2);
}

/** How an MCP client is given the tasks. */
export function McpSection() {
  const t = useTranslations("settings.mcp");
  return (
    <Section title={t("title")} hint={t("hint")}>
      <ol className={styles.steps}>
        <li>{t("step1")}</li>
        <li>
          {t("step2")}
          <CopyText text={clientSettings("taskpat_…")} label={t("settings")} />
        </li>
        <li>{t("step3")}</li>
      </ol>
      <div className={styles.field}>
        <p className={styles.label}>{t("address")}</p>
        <CopyText text={`${location.origin}/mcp`} label={t("address")} />
      </div>
    </Section>
  );
}
