import { useRef, useState } from "react";
import { useTranslations } from "use-intl";
import { useStore } from "zustand";
import { createStore } from "zustand/vanilla";
import { ApiError } from "@/api/http";
import { go, parseAddress } from "@/lib/address";
import { uuid7 } from "@/lib/ids";
import { useSend } from "./chat";

/** What is being written and sent in a conversation. */
export interface Messages {
  text: string;
  write: (text: string) => void;
  /** Send what is given, or else what was written. */
  send: (text?: string) => void;
  /** The message that waits for its answer. */
  sending: string | null;
  /** Why the last one was not answered; its text is back in the input. */
  problem: string | null;
}

/** What is written and not sent, by conversation ("" is a new one): it stays when one looks elsewhere meanwhile. */
const drafts = createStore<Record<string, string>>(() => ({}));

/** The message of a conversation; what is not answered goes back into the input, and is sent again under its key. */
export function useMessages(conversation: string | null): Messages {
  const t = useTranslations("assistant");
  const own = conversation ?? "";
  const text = useStore(drafts, (all) => all[own] ?? "");
  const write = (to: string) => drafts.setState({ [own]: to });
  const [problem, setProblem] = useState<string | null>(null);
  const failed = useRef<{ message: string; key: string } | null>(null);
  const { mutate, isPending, variables } = useSend();
  const giveBack = (message: string, to = own) => drafts.setState((all) => ({ [to]: all[to] || message }));
  const send = (given?: string) => {
    const message = (given ?? text).trim();
    if (message === "" || isPending) return;
    const key = failed.current?.message === message ? failed.current.key : uuid7();
    if (given === undefined) write("");
    setProblem(null);
    mutate(
      { conversation, message, key },
      {
        onSuccess: (answer) => {
          failed.current = null;
          if (answer.failed) giveBack(message, answer.conversation);
          if (conversation === null) show(answer.conversation);
        },
        onError: (error) => {
          failed.current = error instanceof ApiError && !error.isTemporary ? null : { message, key };
          setProblem(error instanceof ApiError ? error.problem.detail : t("away"));
          giveBack(message);
        },
      },
    );
  };
  return { text, write, send, sending: isPending ? (variables?.message ?? null) : null, problem };
}

/** Go on in the conversation that began, unless the person went elsewhere meanwhile. */
function show(conversation: string): void {
  const { view, rest } = parseAddress(location.pathname, location.search);
  if (view === "assistant" && rest === null) go(`/assistant/${conversation}`);
}
