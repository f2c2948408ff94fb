import { ApiError, NetworkError } from "@/api/http";

/** What a refusal says of one field of the form; null where it says nothing of it. */
export function fieldError(error: Error | null, field: string): string | null {
  const errors = error instanceof ApiError ? (error.problem.errors ?? []) : [];
  return errors.find((one) => one.field === field || one.field.endsWith(`.${field}`))?.message ?? null;
}

/** What a refusal says that belongs to none of the fields. */
export function restOf(error: Error | null, fields: readonly string[], away: string): string | null {
  if (error === null || fields.some((field) => fieldError(error, field))) return null;
  return error instanceof NetworkError ? away : error.message;
}
