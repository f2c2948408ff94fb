import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useEffect } from "react";
import { useTranslations } from "use-intl";
import { useStore } from "zustand";
import { createStore } from "zustand/vanilla";
import { ApiError, call } from "@/api/http";
import type { ChatAnswer, Conversation, Conversations, Task, Turn } from "@/api/types";
import { go } from "@/lib/address";
import { uuid7 } from "@/lib/ids";
import type { ChatMessage } from "@/sync/protocol";
import { useApp, useAsking } from "../app/context";
import { say } from "../toasts/toasts";

const LIST = ["chat", "list"] as const;
const turnsOf = (conversation: string) => ["chat", "turns", conversation] as const;

/** What is heard of the assistant while the view is open. */
interface Heard {
  /** The turn that is being made, of each conversation where one is. */
  working: Readonly<Record<string, string>>;
  /** What each change touched, as the log told. */
  touched: Readonly<Record<string, readonly Pick<Task, "id" | "title">[]>>;
}

const heard = createStore<Heard>(() => ({ working: {}, touched: {} }));

export function useConversations() {
  return useQuery({ queryKey: LIST, queryFn: () => call<Conversations>("GET", "/api/chat") });
}

export function useTurns(conversation: string) {
  return useQuery({
    queryKey: turnsOf(conversation),
    queryFn: () => call<Conversation>("GET", `/api/chat/${encodeURIComponent(conversation)}`),
    retry: (failures, error) => !(error instanceof ApiError) && failures < 2,
  });
}

/** Whether a turn of the conversation is being made, here or in another window. */
export function useWorking(conversation: string | null): boolean {
  return useStore(heard, ({ working }) => conversation !== null && conversation in working);
}

export function useTouched(change: string): readonly Pick<Task, "id" | "title">[] {
  return useStore(heard, ({ touched }) => touched[change]) ?? NONE;
}

const NONE: readonly Pick<Task, "id" | "title">[] = [];

/** Follow what the assistant does, wherever it was asked; asking for its answers where no WebSocket tells of them. */
export function useHearing(): void {
  const { session } = useApp();
  const queries = useQueryClient();
  const asking = useAsking();
  useEffect(() => {
    if (asking === false) return;
    const timer = setInterval(() => void queries.invalidateQueries({ queryKey: ["chat"] }), asking);
    return () => clearInterval(timer);
  }, [queries, asking]);
  useEffect(() => {
    const stopListening = session.listen((message) => {
      if (message.type !== "chat") return;
      const { conversation, turn, state } = message as ChatMessage & Record<string, string>;
      if (!conversation || !turn) return;
      heard.setState(({ working: { [conversation]: _, ...others } }) => ({
        working: state === "done" || state === "failed" ? others : { ...others, [conversation]: turn },
      }));
      if (state === "done") void queries.invalidateQueries({ queryKey: ["chat"] });
    });
    const stopFollowing = session.follow((events) => {
      for (const { change, task } of events) {
        if (change && task) remember(change, [{ id: task.id, title: task.title }]);
      }
    });
    return () => {
      stopListening();
      stopFollowing();
      heard.setState({ working: {} });
    };
  }, [session, queries]);
}

export function remember(change: string, tasks: readonly Pick<Task, "id" | "title">[]): void {
  heard.setState(({ touched }) => {
    const before = touched[change] ?? NONE;
    const fresh = tasks.filter(({ id }) => !before.some((known) => known.id === id));
    return fresh.length > 0 ? { touched: { ...touched, [change]: [...before, ...fresh] } } : {};
  });
}

export interface Sent {
  /** Null begins a conversation. */
  conversation: string | null;
  message: string;
  /** Sent again under the same key, a message is not answered twice. */
  key: string;
}

/** Sends a message; its answer is put behind the turns that are there. */
export function useSend() {
  const queries = useQueryClient();
  return useMutation({
    mutationFn: ({ conversation, message, key }: Sent) =>
      call<ChatAnswer>("POST", "/api/chat", { key, body: { message, ...(conversation ? { conversation } : {}) } }),
    onSuccess: ({ conversation, ...turn }) => {
      queries.setQueryData<Conversation>(turnsOf(conversation), (before) => withTurn(conversation, before, turn));
      void queries.invalidateQueries({ queryKey: LIST });
    },
    onError: () => void queries.invalidateQueries({ queryKey: LIST }), // one that began stays, without a turn
  });
}

function withTurn(conversation: string, before: Conversation | undefined, turn: Turn): Conversation {
  const others = (before?.items ?? []).filter(({ id }) => id !== turn.id);
  return { conversation, items: [...others, turn] };
}

/** Deletes a conversation; what it changed stays. */
export function useDelete() {
  const t = useTranslations("assistant");
  const queries = useQueryClient();
  return useMutation({
    mutationFn: (conversation: string) =>
      call("DELETE", `/api/chat/${encodeURIComponent(conversation)}`, { key: uuid7() }),
    onSuccess: (_, conversation) => {
      if (location.pathname === `/assistant/${conversation}`) go("/assistant", { replace: true });
      queries.removeQueries({ queryKey: turnsOf(conversation) });
      say(t("deleted"));
      return queries.invalidateQueries({ queryKey: LIST });
    },
    onError: (error) => say(error.name === "NetworkError" ? t("away") : error.message, { tone: "danger" }),
  });
}
