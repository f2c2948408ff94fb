import { ErrorResponse, type User, UserManager, WebStorageStateStore } from "oidc-client-ts";
import type { Account } from "@/lib/account";
import { uuid7 } from "@/lib/ids";
import type { Reason } from "./auth";
import { type Held, Refused } from "./keeper";
import type { SignInSettings } from "./settings";

export const CALLBACK = "/signed-in";

/** What a person is, once they are signed in. */
export interface Person extends Held {
  account: Account;
}

/** How a way to the sign-in service and back ended, and at which view it had begun. */
export interface Back {
  person: Person | null;
  reason: Reason | null;
  view: string;
}

const TEMPORARY = new Set(["temporarily_unavailable", "server_error"]);
const NOBODY_YET = new Set([
  "login_required",
  "interaction_required",
  "consent_required",
  "account_selection_required",
]);
const SETTINGS = new Set([
  "invalid_client",
  "unauthorized_client",
  "invalid_scope",
  "invalid_request",
  "invalid_target",
]);

/** The OpenID provider, as the page uses it. Its tokens are kept by this window alone, for as long as it lives. */
export class Provider {
  private readonly manager: UserManager;

  constructor(private readonly settings: SignInSettings) {
    const store = new WebStorageStateStore({ store: sessionStorage });
    this.manager = new UserManager({
      authority: settings.issuer,
      client_id: settings.client_id ?? "",
      redirect_uri: `${location.origin}${CALLBACK}`,
      post_logout_redirect_uri: `${location.origin}/`,
      response_type: "code",
      scope: settings.scope,
      extraQueryParams: { audience: settings.audience },
      automaticSilentRenew: false, // the keeper does that, one at a time
      monitorSession: false, // it needs a frame of the provider, and its cookies there
      loadUserInfo: false,
      requestTimeoutInSeconds: 10,
      userStore: store,
      stateStore: store,
      revokeTokenTypes: ["refresh_token"],
    });
  }

  /** Who this window is signed in as, by what it kept. */
  async stored(): Promise<Person | null> {
    const user = await this.manager.getUser();
    return user && this.isRight(user) ? personOf(user) : null;
  }

  async isReachable(): Promise<boolean> {
    return this.manager.metadataService.getMetadata().then(
      () => true,
      () => false,
    );
  }

  /** Leave for the provider; `silent` asks it whom it knows, without a question to the person. */
  async begin(view: string, silent: boolean): Promise<void> {
    await this.manager.signinRedirect({
      state: { view },
      nonce: `${uuid7()}${crypto.randomUUID()}`,
      ui_locales: navigator.language,
      redirectMethod: silent ? "replace" : "assign",
      ...(silent ? { prompt: "none" } : {}),
    });
    await new Promise(() => {}); // the page is being left
  }

  /** Read the provider's answer from the address. The library checks state, nonce and the code's verifier. */
  async finish(href: string): Promise<Back> {
    try {
      const user = await this.manager.signinRedirectCallback(href);
      const person = this.isRight(user) ? personOf(user) : null;
      return { person, reason: person ? null : { kind: "mismatch" }, view: viewOf(user.state) };
    } catch (error) {
      const view = viewOf(error instanceof ErrorResponse ? error.state : null);
      return { person: null, reason: reasonOf(error), view };
    }
  }

  async renew(): Promise<Held> {
    const before = await this.manager.getUser();
    if (!before?.refresh_token) throw new Refused("the provider gave no refresh token");
    try {
      const user = await this.manager.signinSilent();
      if (!user) throw new Refused("the provider gave no tokens");
      return heldOf(user);
    } catch (error) {
      if (error instanceof ErrorResponse && !TEMPORARY.has(error.error ?? "")) throw new Refused(error.message);
      throw error;
    }
  }

  async forget(): Promise<void> {
    await this.manager.removeUser();
  }

  /** Take the refresh token back and end the provider's session; false where only this browser could be cleared. */
  async leave(): Promise<boolean> {
    await this.manager.revokeTokens(["refresh_token"]).catch(() => {}); // many providers have nothing to take it back with
    const metadata = await this.manager.metadataService.getMetadata().catch(() => null);
    if (!metadata?.end_session_endpoint) {
      await this.forget();
      return false;
    }
    await this.manager.signoutRedirect();
    return true;
  }

  /** Whether an ID token is of this provider and for this client: the library leaves both to its caller. */
  private isRight({ profile }: User): boolean {
    const audience = Array.isArray(profile.aud) ? profile.aud : [profile.aud];
    return profile.iss === this.settings.issuer && audience.includes(this.settings.client_id ?? "");
  }
}

function heldOf(user: User): Held {
  return { access: user.access_token, expires: user.expires_at === undefined ? null : user.expires_at * 1000 };
}

function personOf(user: User): Person {
  const { iss, sub, name, preferred_username: username, email } = user.profile;
  return { ...heldOf(user), account: { id: `${iss} ${sub}`, name: name || username || email || sub } };
}

function viewOf(state: unknown): string {
  const view = (state as { view?: unknown } | null)?.view;
  return typeof view === "string" && /^\/(?![/\\])/.test(view) ? view : "/today";
}

/** What went wrong, in the page's terms; null where the provider merely knows nobody. */
function reasonOf(error: unknown): Reason | null {
  if (error instanceof ErrorResponse) {
    const code = error.error ?? "";
    const detail = error.error_description || code;
    if (NOBODY_YET.has(code)) return null;
    if (code === "access_denied") return { kind: "denied" };
    if (TEMPORARY.has(code)) return { kind: "busy" };
    return { kind: SETTINGS.has(code) ? "misconfigured" : "failed", detail };
  }
  const { name, message } = error as Error;
  if (name === "TypeError" || name === "ErrorTimeout") return { kind: "unreachable" };
  if (/state|nonce/i.test(message)) return { kind: "mismatch" };
  return { kind: "failed", detail: message };
}
