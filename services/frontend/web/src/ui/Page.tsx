import type { ReactNode } from "react";
import styles from "./Page.module.css";

interface PageProps {
  title: ReactNode;
  detail?: ReactNode;
  actions?: ReactNode;
  children: ReactNode;
  /** Whether the content scrolls by itself, as a virtual list does. */
  filled?: boolean;
}

/** The frame of a view: its heading, what can be done with the whole of it, and its content. */
export function Page({ title, detail, actions, children, filled }: PageProps) {
  return (
    <div className={styles.page}>
      <Gutter>
        <header className={styles.header}>
          <div className={styles.heading}>
            <h1 className={styles.title}>{title}</h1>
            {detail ? <p className={styles.detail}>{detail}</p> : null}
          </div>
          <div className={styles.actions}>{actions}</div>
        </header>
      </Gutter>
      {filled ? (
        children
      ) : (
        <div className={styles.scroll}>
          <div className={styles.content}>{children}</div>
        </div>
      )}
    </div>
  );
}

/** Keeps clear what a scroll bar takes of what scrolls below, so that both stand in line. */
export function Gutter({ children }: { children: ReactNode }) {
  return <div className={styles.gutter}>{children}</div>;
}
