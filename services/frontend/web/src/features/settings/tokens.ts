/** Where the person's access tokens are kept among what was asked of the platform. */
export const TOKENS = ["tokens"] as const;
