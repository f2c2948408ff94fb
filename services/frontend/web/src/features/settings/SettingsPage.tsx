"use client";

import { useTranslations } from "use-intl";
import { Page } from "@/ui/Page";
import { AccountSection } from "./AccountSection";
import { ChannelsSection } from "./ChannelsSection";
import { EraseSection } from "./EraseSection";
import { McpSection } from "./McpSection";
import { RegionSection } from "./RegionSection";
import { TokensSection } from "./TokensSection";

/** What a person decides about themselves: their clock and language, how they are reached, and who acts for them. */
export default function SettingsPage() {
  const t = useTranslations("views");
  return (
    <Page title={t("settings")}>
      <AccountSection />
      <RegionSection />
      <ChannelsSection />
      <TokensSection />
      <McpSection />
      <EraseSection />
    </Page>
  );
}
