import type { Task } from "@/api/types";
import type { ConnectionState } from "@/sync/connection";
import type { Issue } from "./conflicts";
import type { StorageState } from "./persistence";

/** What the page shows; replaced as a whole whenever something changes. */
export interface Shown {
  readonly tasks: ReadonlyMap<string, Task>;
  /** Whether there is a list to show, from the device or from the platform. */
  readonly loaded: boolean;
  readonly connection: ConnectionState;
  /** Whether what waits would outlive the page. */
  readonly storage: StorageState;
  /** How many changes wait to be sent. */
  readonly waiting: number;
  readonly issues: readonly Issue[];
}

export const NOTHING_SHOWN: Shown = {
  tasks: new Map(),
  loaded: false,
  connection: "connecting",
  storage: "kept",
  waiting: 0,
  issues: [],
};
