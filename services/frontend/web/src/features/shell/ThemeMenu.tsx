import { Moon, Sun, SunMoon } from "lucide-react";
import { useState } from "react";
import { useTranslations } from "use-intl";
import { keep } from "@/lib/device";
import { IconButton } from "@/ui/Button";
import { Menu, MenuChoice } from "@/ui/Menu";

export type Theme = "system" | "light" | "dark";

const ICONS = { system: SunMoon, light: Sun, dark: Moon } as const;

export function readTheme(): Theme {
  const theme = document.documentElement.dataset["theme"];
  return theme === "light" || theme === "dark" ? theme : "system";
}

/** Take on a theme, and remember it on this device. */
export function setTheme(theme: Theme): void {
  if (theme === "system") {
    delete document.documentElement.dataset["theme"];
    keep("theme", null);
  } else {
    document.documentElement.dataset["theme"] = theme;
    keep("theme", theme);
  }
}

export function ThemeMenu() {
  const t = useTranslations("theme");
  const [theme, choose] = useState(readTheme);
  const Icon = ICONS[theme];
  return (
    <Menu trigger={<IconButton label={t("label")} icon={<Icon size={16} />} />}>
      <MenuChoice
        label={t("label")}
        value={theme}
        options={(["system", "light", "dark"] as const).map((value) => ({ value, label: t(value) }))}
        onChange={(to) => {
          setTheme(to);
          choose(to);
        }}
      />
    </Menu>
  );
}
