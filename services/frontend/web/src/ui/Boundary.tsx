"use client";

import { Component, type ReactNode } from "react";
import english from "@/i18n/en.json";
import { reloadOnce } from "@/lib/reload";
import styles from "./Boundary.module.css";
import { Button } from "./Button";

/** Stands in for a page that crashed. It uses no context, since that may be what broke. */
export class Boundary extends Component<{ children: ReactNode }, { failed: boolean }> {
  override state = { failed: false };

  static getDerivedStateFromError(): { failed: boolean } {
    return { failed: true };
  }

  /** A part of the page that is no longer there: the platform has a newer page, which a fresh start gets. */
  override componentDidCatch(error: Error): void {
    if (error.name === "ChunkLoadError") reloadOnce();
  }

  override render(): ReactNode {
    if (!this.state.failed) return this.props.children;
    return (
      <main className={styles.crash} role="alert">
        <h1>{english.app.crashed}</h1>
        <p>{english.app.crashedHint}</p>
        <Button tone="primary" onClick={() => location.reload()}>
          {english.app.reload}
        </Button>
      </main>
    );
  }
}
