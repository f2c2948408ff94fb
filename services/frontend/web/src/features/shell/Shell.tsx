"use client";

import { lazy, Suspense, useEffect, useRef, useState } from "react";
import { useTranslations } from "use-intl";
import { useAddress } from "@/lib/address";
import { Empty } from "@/ui/Empty";
import { Link } from "@/ui/Link";
import { Spinner } from "@/ui/Spinner";
import { loadTooltips } from "@/ui/Tooltip";
import { useShown } from "../app/context";
import { useStorageNews } from "../app/storage";
import { useKeptPage } from "../app/worker";
import { DetailsPane } from "../details/DetailsPane";
import { Panels } from "../keys/Panels";
import { useHotkeys } from "../keys/useHotkeys";
import { useKeptView } from "../lastView/useKeptView";
import { ListPage } from "../list/ListPage";
import { LiveNotifications } from "../notifications/LiveNotifications";
import { VIEWS } from "../registry";
import { SignInState } from "../signin/SignInState";
import { Toasts } from "../toasts/Toasts";
import { ZoneQuestion } from "../zone/ZoneQuestion";
import { ConnectionPill } from "./ConnectionPill";
import styles from "./Shell.module.css";
import { Sidebar, TabBar } from "./Sidebar";

const Drawer = lazy(() => import("./Drawer"));
const Issues = lazy(() => import("../issues/Issues"));

/** The frame of every view: the ways to the others beside it, or below it on a phone. */
export function Shell() {
  const t = useTranslations("app");
  const [drawer, setDrawer] = useState<boolean | null>(null); // null: not loaded yet
  const address = useAddress();
  const frame = useRef<HTMLDivElement>(null);
  useHotkeys();
  useKeptView(frame);
  useKeptPage();
  useStorageNews();
  useEffect(loadTooltips, []);
  useTitle(address?.view ?? "today", address?.rest ?? null);
  return (
    <div ref={frame} className={styles.shell}>
      <a href="#main" className={styles.skip}>
        {t("skip")}
      </a>
      <aside className={styles.side}>
        <Sidebar />
      </aside>
      <div className={styles.middle}>
        <div className={styles.passing} data-passing>
          <SignInState />
          <SetAside />
          <ZoneQuestion />
        </div>
        <main id="main" className={styles.main} tabIndex={-1}>
          <Suspense fallback={<Spinner label={t("loading")} />}>
            <Current view={address?.view ?? "today"} />
          </Suspense>
        </main>
        <div className={styles.state}>
          <ConnectionPill />
        </div>
      </div>
      <DetailsPane />
      <TabBar onMore={() => setDrawer(true)} />
      <Suspense>{drawer === null ? null : <Drawer open={drawer} onClose={() => setDrawer(false)} />}</Suspense>
      <LiveNotifications />
      <Panels />
      <Toasts />
    </div>
  );
}

/** What is told of changes that the platform did not take, whose code is loaded with the first of them. */
function SetAside() {
  const some = useShown(({ issues }) => issues.length > 0);
  return <Suspense>{some ? <Issues /> : null}</Suspense>;
}

function Current({ view }: { view: string }) {
  const t = useTranslations("app");
  const found = VIEWS.find(({ id }) => id === view);
  if (!found) {
    return (
      <Empty title={t("notFound")} hint={t("notFoundHint")}>
        <Link to="/today">{t("goToday")}</Link>
      </Empty>
    );
  }
  const { page: Content } = found;
  return Content ? <Content /> : <ListPage />;
}

function useTitle(view: string, rest: string | null): void {
  const t = useTranslations();
  const known = VIEWS.find(({ id }) => id === view);
  const name = view === "tags" && rest ? `#${rest}` : known ? t(`views.${known.id}`) : t("app.notFound");
  useEffect(() => {
    document.title = `${name} · ${t("app.name")}`;
  }, [name, t]);
}
