"use client";

import { createContext, type ReactNode, useContext, useEffect, useState } from "react";
import { IntlProvider } from "use-intl";
import english from "./en.json";

export type Language = "en" | "de";
export const LANGUAGES: readonly Language[] = ["en", "de"];

/** The messages of a language; all but English are loaded when they are asked for. */
const LOADERS: Record<Language, () => Promise<typeof english>> = {
  en: async () => english,
  de: async () => (await import("./de.json")).default,
};

/** The language of a locale such as `de-AT`; English where there is no better one. */
export function languageOf(locale: string): Language {
  const language = locale.toLowerCase().split("-")[0];
  return LANGUAGES.find((known) => known === language) ?? "en";
}

/** The locale that dates and numbers are written in: the person's own, where it is of the language of the messages. */
export function formsOf(locale: string, language: Language): Language {
  if (locale.toLowerCase().split("-")[0] !== language) return language;
  try {
    return (Intl.getCanonicalLocales(locale)[0] ?? language) as Language;
  } catch {
    return language;
  }
}

export const Translated = createContext(true);

/** Whether what is shown is in the person's language; until its messages are there it is English. */
export const useTranslated = (): boolean => useContext(Translated);

/** Gives everything below it the messages of the person's language, and their zone. */
export function LocaleProvider({ locale, zone, children }: { locale: string; zone: string; children: ReactNode }) {
  const language = languageOf(locale);
  const [loaded, setLoaded] = useState<{ language: Language; messages: typeof english }>({
    language: "en",
    messages: english,
  });
  useEffect(() => {
    let wanted = true;
    void LOADERS[language]().then((messages) => {
      if (!wanted) return;
      setLoaded({ language, messages });
      document.documentElement.lang = language;
    });
    return () => {
      wanted = false;
    };
  }, [language]);
  return (
    <IntlProvider locale={formsOf(locale, loaded.language)} messages={loaded.messages} timeZone={zone}>
      <Translated value={loaded.language === language}>{children}</Translated>
    </IntlProvider>
  );
}
