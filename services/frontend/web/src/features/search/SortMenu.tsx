import { ArrowDownUp } from "lucide-react";
import { useTranslations } from "use-intl";
import { setParams } from "@/lib/address";
import { type Query, SORTS } from "@/lib/view";
import { IconButton } from "@/ui/Button";
import { Menu, MenuCheck, MenuChoice, MenuSeparator } from "@/ui/Menu";

const STANDARD = "default";

/** In which order a list stands. */
export function SortMenu({ query }: { query: Query }) {
  const t = useTranslations("search");
  const { sort, descending } = query;
  const set = (to: string, reversed: boolean) =>
    setParams({ sort: to === STANDARD ? null : `${reversed ? "-" : ""}${to}` });
  return (
    <Menu trigger={<IconButton label={t("sort")} icon={<ArrowDownUp size={16} />} active={sort !== null} />}>
      <MenuChoice
        label={t("sort")}
        value={sort ?? STANDARD}
        options={([STANDARD, ...SORTS] as const).map((value) => ({ value, label: t(`by.${value}`) }))}
        onChange={(to) => set(to, descending)}
      />
      <MenuSeparator />
      <MenuCheck checked={descending} onChange={(to) => set(sort ?? "due", to)}>
        {t("descending")}
      </MenuCheck>
    </Menu>
  );
}
