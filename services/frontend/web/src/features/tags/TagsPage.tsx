"use client";

import { Hash } from "lucide-react";
import { useTranslations } from "use-intl";
import { tagAddress, useAddress } from "@/lib/address";
import { Empty } from "@/ui/Empty";
import { Link } from "@/ui/Link";
import { Page } from "@/ui/Page";
import { ListPage } from "../list/ListPage";
import { useCounts } from "../shell/useCounts";
import styles from "./TagsPage.module.css";

/** All tags, or the tasks of one. */
export default function TagsPage() {
  const t = useTranslations();
  const tags = useCounts().tags.filter(({ count }) => count > 0);
  if (useAddress()?.rest) return <ListPage />;
  return (
    <Page title={t("views.tags")}>
      {tags.length === 0 ? <Empty icon={<Hash />} title={t("empty.tags")} hint={t("empty.tagsHint")} /> : null}
      <ul className={styles.tags}>
        {tags.map(({ tag, count }) => (
          <li key={tag}>
            <Link to={tagAddress(tag)} className={styles.tag}>
              <Hash size={15} aria-hidden="true" />
              <bdi className={styles.name}>{tag}</bdi>
              <span className={styles.count}>{count}</span>
            </Link>
          </li>
        ))}
      </ul>
    </Page>
  );
}
