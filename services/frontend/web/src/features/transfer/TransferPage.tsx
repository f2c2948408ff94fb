"use client";

import { useMutation } from "@tanstack/react-query";
import { Download } from "lucide-react";
import { useTranslations } from "use-intl";
import { Button } from "@/ui/Button";
import { Page } from "@/ui/Page";
import { download, FORMATS } from "./files";
import { ImportFile } from "./ImportFile";
import styles from "./TransferPage.module.css";

/** The whole list as a file, and files of other programs into the list. */
export default function TransferPage() {
  const t = useTranslations();
  const { mutate, isPending, error } = useMutation({ mutationFn: download });
  return (
    <Page title={t("views.transfer")}>
      <section className={styles.section} aria-labelledby="export">
        <h2 id="export">{t("transfer.export")}</h2>
        <p className={styles.hint}>{t("transfer.exportHint")}</p>
        <div className={styles.row}>
          {FORMATS.map((format) => (
            <Button key={format} disabled={isPending} onClick={() => mutate(format)}>
              <Download size={15} aria-hidden="true" />
              {t(`transfer.formats.${format === "todo.txt" ? "todo" : format}`)}
            </Button>
          ))}
        </div>
        {error ? (
          <p role="alert" className={styles.error}>
            {error.message}
          </p>
        ) : null}
      </section>
      <ImportFile />
    </Page>
  );
}
