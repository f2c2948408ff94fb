/** The views whose code is loaded when they are opened. */
export const PAGES = {
  activity: () => import("./activity/ActivityPage"),
  assistant: () => import("./assistant/AssistantPage"),
  notifications: () => import("./notifications/NotificationsPage"),
  settings: () => import("./settings/SettingsPage"),
  tags: () => import("./tags/TagsPage"),
  transfer: () => import("./transfer/TransferPage"),
} as const;

/** Load the code of the view that an address opens, so that it is there when the frame is. */
export function preload(pathname: string): void {
  const view = pathname.split("/")[1] ?? "";
  if (!Object.hasOwn(PAGES, view)) return;
  PAGES[view as keyof typeof PAGES]().catch(() => {}); // who shows the view asks again, and tells what fails
}
