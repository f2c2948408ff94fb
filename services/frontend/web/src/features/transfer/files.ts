import { call, request } from "@/api/http";
import type { ImportAnswer } from "@/api/types";

export const FORMATS = ["json", "ics", "todo.txt"] as const;
export type Format = (typeof FORMATS)[number];
export type OnConflict = "skip" | "replace";

const MEDIA: Record<Format, string> = { json: "application/json", ics: "text/calendar", "todo.txt": "text/plain" };

/** The format that a file's name tells. */
export function formatOf(name: string): Format {
  const lower = name.toLowerCase();
  if (lower.endsWith(".ics") || lower.endsWith(".ical")) return "ics";
  return lower.endsWith(".txt") ? "todo.txt" : "json";
}

export interface Wanted {
  file: File;
  format: Format;
  onConflict: OnConflict;
}

/** Send a file; without a key it is only asked what would come of it. */
export function sendFile({ file, format, onConflict }: Wanted, key?: string): Promise<ImportAnswer> {
  const query = new URLSearchParams({ format, on_conflict: onConflict, dry_run: String(!key) });
  const headers = { "Content-Type": MEDIA[format] };
  return call("POST", `/api/tasks/import?${query}`, { raw: file, headers, ...(key ? { key } : {}) });
}

/** Fetch the whole list as a file and hand it to the browser to be saved. */
export async function download(format: Format): Promise<void> {
  const response = await request("GET", `/api/tasks/export?format=${format}`);
  const named = /filename="([^"]+)"/.exec(response.headers.get("Content-Disposition") ?? "");
  const address = URL.createObjectURL(await response.blob());
  const link = document.createElement("a");
  link.href = address;
  link.download = named?.[1] ?? `tasks.${format}`;
  link.click();
  setTimeout(() => URL.revokeObjectURL(address), 60_000);
}
