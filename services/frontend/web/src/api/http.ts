import type { Problem } from "./types";

const LONGEST_WAIT_SECONDS = 600;

/** The platform refused a call; `problem` says why. */
export class ApiError extends Error {
  /** Seconds to leave the platform alone; whatever it says, the page comes back within ten minutes. */
  readonly retryAfter: number | null;

  constructor(
    readonly status: number,
    readonly problem: Problem,
    retryAfter: number | null,
    /** Whether these are the platform's own words, not a page of something between. */
    readonly spoken = true,
  ) {
    super(problem.detail);
    this.name = "ApiError";
    this.retryAfter = retryAfter === null ? null : Math.min(retryAfter, LONGEST_WAIT_SECONDS);
  }

  /** Whether the same call may succeed later. */
  get isTemporary(): boolean {
    return this.status >= 500 || this.status === 429 || this.status === 408 || this.status === 425;
  }
}

/** No answer came: the device is offline or the platform is away. */
export class NetworkError extends Error {
  override name = "NetworkError";
}

export interface CallOptions {
  body?: unknown;
  /** A body that is sent as it is, with its media type in `headers`. */
  raw?: BodyInit;
  key?: string;
  headers?: Record<string, string>;
  signal?: AbortSignal;
}

/** Where bearer tokens come from. */
export interface TokenSource {
  token: () => Promise<string | null>;
  /** A token was answered with 401: another one to try once, null where there is none. */
  refused: (token: string) => Promise<string | null>;
  /** The other one was answered so too. */
  failed: (detail: string) => void;
}

let source: TokenSource | null = null;

/** Say where bearer tokens come from; without a source calls carry none. */
export function setTokenSource(found: TokenSource | null): void {
  source = found;
}

export async function accessToken(): Promise<string | null> {
  return source ? source.token() : null;
}

/** Make a call and return the whole response; ApiError or NetworkError where there is no success. */
export async function request(method: string, path: string, options: CallOptions = {}): Promise<Response> {
  const bearer = source && (await source.token()); // without a sign-in nothing is waited for
  let response = await send(method, path, options, bearer);
  if (response.status === 401 && bearer && source) {
    const other = await source.refused(bearer);
    if (other) response = await send(method, path, options, other);
  }
  if (response.ok) return response;
  const refused = await refusal(response);
  if (refused.status === 401) source?.failed(refused.message);
  throw refused;
}

async function send(method: string, path: string, options: CallOptions, bearer: string | null): Promise<Response> {
  const headers: Record<string, string> = { ...options.headers };
  if (bearer) headers["Authorization"] = `Bearer ${bearer}`;
  if (options.key) headers["Idempotency-Key"] = options.key;
  if (options.body !== undefined) headers["Content-Type"] = "application/json";
  const body = options.body === undefined ? (options.raw ?? null) : JSON.stringify(options.body);
  try {
    return await fetch(path, { method, headers, body, signal: options.signal ?? null, cache: "no-store" });
  } catch (error) {
    if (error instanceof DOMException && error.name === "AbortError") throw error;
    throw new NetworkError(String(error));
  }
}

/** Make a call and return the document that it answers with. One that is cut off, or is no JSON, is no answer. */
export async function call<T>(method: string, path: string, options: CallOptions = {}): Promise<T> {
  const response = await request(method, path, options);
  if (response.status === 204) return null as T;
  try {
    return (await response.json()) as T;
  } catch (error) {
    if (error instanceof DOMException && error.name === "AbortError") throw error;
    throw new NetworkError(String(error));
  }
}

async function refusal(response: Response): Promise<ApiError> {
  const after = Number.parseInt(response.headers.get("Retry-After") ?? "", 10);
  const retryAfter = after >= 0 ? after : null;
  try {
    const problem = (await response.json()) as Problem;
    if (typeof problem.detail === "string") return new ApiError(response.status, problem, retryAfter);
  } catch {} // a page of something between
  const title = response.statusText || `HTTP ${response.status}`;
  const problem = { type: "about:blank", title, status: response.status, detail: title, errors: null };
  return new ApiError(response.status, problem, retryAfter, false);
}

/** Whether the platform has an address: false where it answers 404 or 405. */
export async function exists(path: string): Promise<boolean> {
  try {
    await request("GET", path);
    return true;
  } catch (error) {
    if (error instanceof ApiError && (error.status === 404 || error.status === 405)) return false;
    throw error;
  }
}
