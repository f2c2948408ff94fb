import { createStore } from "zustand/vanilla";
import { go } from "@/lib/address";
import { keep, kept } from "@/lib/device";

/** `unsupported`: this browser has no notifications, or none for this address. */
export type Permission = NotificationPermission | "unsupported";

export interface Device {
  permission: Permission;
  /** Whether the person wants them on this device; the browser's permission cannot be given back from here. */
  wanted: boolean;
  /** Whether the offer was turned down. */
  declined: boolean;
}

const OFF = "notifications-off";
const DECLINED = "notifications-declined";

function readPermission(): Permission {
  return "Notification" in globalThis ? Notification.permission : "unsupported";
}

/** How this device stands to notifications of the browser. */
export const device = createStore<Device>(() => ({
  permission: readPermission(),
  wanted: kept(OFF) === null,
  declined: kept(DECLINED) !== null,
}));

/** Ask the person for the permission; only ever from a click of theirs. */
export async function ask(): Promise<Permission> {
  if (!("Notification" in globalThis)) return "unsupported";
  const permission = await Notification.requestPermission();
  device.setState({ permission });
  setWanted(permission === "granted");
  return permission;
}

export function setWanted(wanted: boolean): void {
  keep(OFF, wanted ? null : "1");
  device.setState({ wanted });
}

export function decline(): void {
  keep(DECLINED, "1");
  device.setState({ declined: true });
}

/** Take note when the permission is changed in the browser's own settings. Returns how to stop. */
export function watchPermission(): () => void {
  const changed = () => device.setState({ permission: readPermission() });
  let status: PermissionStatus | null = null;
  let stopped = false;
  void navigator.permissions
    ?.query({ name: "notifications" })
    .then((found) => {
      if (stopped) return;
      status = found;
      found.addEventListener("change", changed);
    })
    .catch(() => {});
  return () => {
    stopped = true;
    status?.removeEventListener("change", changed);
  };
}

export interface Shown {
  id: string;
  title: string;
  body: string;
  address: string;
}

/** Show a notification of the browser, once however many windows are open. */
export async function showInBrowser({ id, title, body, address }: Shown): Promise<void> {
  const { permission, wanted } = device.getState();
  if (permission !== "granted" || !wanted) return;
  const options = { body, tag: id, icon: "/icon-192.png", data: { address } };
  const worker = await navigator.serviceWorker?.getRegistration().catch(() => undefined);
  if (worker?.active) {
    await worker.showNotification(title, options);
    return;
  }
  try {
    const shown = new Notification(title, options);
    shown.onclick = () => {
      window.focus();
      go(address);
      shown.close();
    };
  } catch {} // phones show them through the service worker alone: the toast stands
}
