import { Ellipsis, Hash, Search } from "lucide-react";
import { memo } from "react";
import { useTranslations } from "use-intl";
import { tagAddress, useAddress } from "@/lib/address";
import { IconButton } from "@/ui/Button";
import { Link } from "@/ui/Link";
import { panels } from "../keys/panelStore";
import { VIEWS, type View } from "../registry";
import { ConnectionPill } from "./ConnectionPill";
import styles from "./Sidebar.module.css";
import { ThemeMenu } from "./ThemeMenu";
import { useAvailable } from "./useAvailable";
import { useCounts } from "./useCounts";

const MOST_TAGS = 12;

/** The ways to all views, with how much waits in each. */
export function Sidebar({ onFollow }: { onFollow?: () => void }) {
  const t = useTranslations();
  const counts = useCounts();
  const views = useAvailable(VIEWS);
  const find = () => {
    onFollow?.();
    panels.getState().toggle("palette");
  };
  const follow = onFollow ? { onFollow } : {};
  return (
    <div className={styles.sidebar}>
      <div className={styles.brand}>
        <span className={styles.mark} aria-hidden="true" />
        <span className={styles.label}>{t("app.name")}</span>
        <IconButton label={t("keys.commands.palette")} keys="ctrl+k" icon={<Search size={17} />} onClick={find} />
      </div>
      <nav className={styles.scroll} aria-label={t("views.lists")}>
        <ul>
          {views
            .filter(({ place }) => place === "lists")
            .map((view) => (
              <Entry key={view.id} view={view} count={view.count?.(counts) ?? 0} {...follow} />
            ))}
          {counts.tags
            .filter(({ count }) => count > 0)
            .slice(0, MOST_TAGS)
            .map(({ tag, count }) => (
              <TagEntry key={tag} tag={tag} count={count} {...follow} />
            ))}
        </ul>
        <ul className={styles.more}>
          {views
            .filter(({ place }) => place === "more")
            .map((view) => (
              <Entry key={view.id} view={view} count={view.count?.(counts) ?? 0} {...follow} />
            ))}
        </ul>
      </nav>
      <footer className={styles.foot}>
        <ConnectionPill />
        <ThemeMenu />
      </footer>
    </div>
  );
}

/** Rendered anew only when its own count changes: the counts as a whole do with every change of a task. */
const Entry = memo(function Entry({ view, count, onFollow }: { view: View; count: number; onFollow?: () => void }) {
  const t = useTranslations("views");
  const address = useAddress();
  const current = address?.view === view.id && !address.rest;
  const { icon: Icon, badge: Badge } = view;
  return (
    <li>
      <Link to={`/${view.id}`} className={styles.entry} aria-current={current ? "page" : undefined} onClick={onFollow}>
        <Icon size={17} aria-hidden="true" />
        <span className={styles.label}>{t(view.id)}</span>
        {count > 0 ? (
          <span className={`${styles.count} ${view.id === "overdue" ? styles.late : ""}`}>
            {count.toLocaleString()}
          </span>
        ) : null}
        {Badge ? (
          <span className={styles.count} data-passing>
            <Badge />
          </span>
        ) : null}
      </Link>
    </li>
  );
});

const TagEntry = memo(function TagEntry({
  tag,
  count,
  onFollow,
}: {
  tag: string;
  count: number;
  onFollow?: () => void;
}) {
  const address = useAddress();
  const current = address?.view === "tags" && address.rest === tag;
  return (
    <li>
      <Link
        to={tagAddress(tag)}
        className={`${styles.entry} ${styles.tag}`}
        aria-current={current ? "page" : undefined}
        onClick={onFollow}
      >
        <Hash size={14} aria-hidden="true" />
        <bdi className={styles.label}>{tag}</bdi>
        <span className={styles.count}>{count.toLocaleString()}</span>
      </Link>
    </li>
  );
});

/** On a phone: the lists one needs most, below the thumb. */
export function TabBar({ onMore }: { onMore: () => void }) {
  const t = useTranslations();
  const address = useAddress();
  const counts = useCounts();
  const tabs = VIEWS.filter(({ id }) => id === "today" || id === "upcoming" || id === "all");
  return (
    <nav className={styles.tabs} aria-label={t("app.menu")}>
      {tabs.map((view) => (
        <Tab
          key={view.id}
          view={view}
          current={address?.view === view.id}
          count={view.id === "today" ? counts.today : 0}
        />
      ))}
      <button type="button" className={styles.tab} onClick={onMore}>
        <Ellipsis size={21} aria-hidden="true" />
        {t("app.more")}
      </button>
    </nav>
  );
}

const Tab = memo(function Tab({ view, current, count }: { view: View; current: boolean; count: number }) {
  const t = useTranslations("views");
  const { id, icon: Icon } = view;
  return (
    <Link to={`/${id}`} className={styles.tab} aria-current={current ? "page" : undefined}>
      <Icon size={21} aria-hidden="true" />
      {t(id)}
      {count > 0 ? <span className={styles.badge}>{Math.min(99, count)}</span> : null}
    </Link>
  );
});
