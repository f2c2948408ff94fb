"use client";

import { Plus, Trash2 } from "lucide-react";
import { useState } from "react";
import { useTranslations } from "use-intl";
import { useAddress } from "@/lib/address";
import { Button, IconButton } from "@/ui/Button";
import buttons from "@/ui/Button.module.css";
import { Link } from "@/ui/Link";
import { Gutter, Page } from "@/ui/Page";
import styles from "./Assistant.module.css";
import { Beginning } from "./Beginning";
import { Composer } from "./Composer";
import { Conversation } from "./Conversation";
import { useDelete, useHearing, useTurns } from "./chat";
import { useMessages } from "./useMessages";

/** The assistant: what one says to it, what it answers and what it changed, with the way back. */
export default function AssistantPage() {
  const conversation = useAddress()?.rest ?? null;
  useHearing();
  return <Talk key={conversation ?? ""} conversation={conversation} />;
}

function Talk({ conversation }: { conversation: string | null }) {
  const t = useTranslations();
  const messages = useMessages(conversation);
  return (
    <Page title={t("views.assistant")} actions={conversation ? <Actions conversation={conversation} /> : null} filled>
      <div className={styles.scroll}>
        <div className={styles.column}>
          {conversation ? (
            <Conversation conversation={conversation} messages={messages} />
          ) : (
            <Beginning messages={messages} />
          )}
        </div>
      </div>
      <Gutter>
        <Composer messages={messages} />
      </Gutter>
    </Page>
  );
}

function Actions({ conversation }: { conversation: string }) {
  const t = useTranslations("assistant");
  const { mutate, isPending } = useDelete();
  const [asked, setAsked] = useState(false);
  const there = useTurns(conversation).data !== undefined;
  return (
    <>
      {there ? (
        asked ? (
          <Button
            tone="danger"
            disabled={isPending}
            onClick={() => mutate(conversation)}
            onBlur={() => setAsked(false)}
          >
            <Trash2 size={16} aria-hidden="true" />
            {t("deleteSure")}
          </Button>
        ) : (
          <IconButton label={t("delete")} icon={<Trash2 size={16} />} onClick={() => setAsked(true)} />
        )
      ) : null}
      <Link to="/assistant" className={`${buttons.button} ${buttons.plain}`} aria-label={t("new")}>
        <Plus size={16} aria-hidden="true" />
        {t("newShort")}
      </Link>
    </>
  );
}
