import {
  AlarmClock,
  ArrowDownUp,
  Bell,
  CalendarDays,
  CircleCheck,
  History,
  Inbox,
  type LucideIcon,
  Settings,
  Sparkles,
  Sun,
  Tags,
} from "lucide-react";
import { type ComponentType, lazy } from "react";
import { exists } from "@/api/http";
import type english from "@/i18n/en.json";
import type { Counts } from "@/lib/view";
import { UnreadCount } from "./notifications/LiveNotifications";
import { PAGES } from "./pages";

/** A view of the page: its address is `/id`, its name `views.id` of the messages. */
export interface View {
  id: keyof typeof english.views;
  icon: LucideIcon;
  /** `lists`: above the tags; `more`: at the foot of the sidebar. */
  place: "lists" | "more";
  /** What it shows; views without one show a task list. */
  page?: ComponentType;
  /** The keys that lead there. */
  keys?: string;
  count?: (counts: Counts) => number;
  /** What stands in the place of a count that does not come from the tasks. */
  badge?: ComponentType;
  /** Asked before the view is offered: false where the platform does not have it. */
  available?: () => Promise<boolean>;
}

const ActivityPage = lazy(PAGES.activity);
const AssistantPage = lazy(PAGES.assistant);
const NotificationsPage = lazy(PAGES.notifications);
const SettingsPage = lazy(PAGES.settings);
const TagsPage = lazy(PAGES.tags);
const TransferPage = lazy(PAGES.transfer);

export const VIEWS: readonly View[] = [
  { id: "today", icon: Sun, place: "lists", keys: "g t", count: (counts) => counts.today },
  { id: "upcoming", icon: CalendarDays, place: "lists", keys: "g u", count: (counts) => counts.upcoming },
  { id: "overdue", icon: AlarmClock, place: "lists", keys: "g o", count: (counts) => counts.overdue },
  { id: "all", icon: Inbox, place: "lists", keys: "g a", count: (counts) => counts.all },
  { id: "completed", icon: CircleCheck, place: "lists", keys: "g c" },
  { id: "tags", icon: Tags, place: "lists", keys: "g g", page: TagsPage },
  {
    id: "assistant",
    icon: Sparkles,
    place: "more",
    keys: "g m",
    page: AssistantPage,
    available: () => exists("/api/chat"),
  },
  { id: "notifications", icon: Bell, place: "more", keys: "g n", page: NotificationsPage, badge: UnreadCount },
  { id: "activity", icon: History, place: "more", keys: "g h", page: ActivityPage },
  { id: "transfer", icon: ArrowDownUp, place: "more", page: TransferPage },
  { id: "settings", icon: Settings, place: "more", keys: "g s", page: SettingsPage },
];
