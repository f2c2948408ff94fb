import { Search, X } from "lucide-react";
import { useEffect, useRef, useState } from "react";
import { useTranslations } from "use-intl";
import { setParams } from "@/lib/address";
import type { Query } from "@/lib/view";
import { FilterMenu } from "./FilterMenu";
import styles from "./SearchBar.module.css";
import { SortMenu } from "./SortMenu";

/** Search as one types, filters and order: all of them in the address. */
export function SearchBar({ query }: { query: Query }) {
  return (
    <>
      <SearchField q={query.q} />
      <FilterMenu query={query} />
      <SortMenu query={query} />
    </>
  );
}

function SearchField({ q }: { q: string }) {
  const t = useTranslations("search");
  const [text, setText] = useState(q);
  const typed = useRef(q);
  useEffect(() => {
    if (q !== typed.current) setText(q);
    typed.current = q;
  }, [q]);
  const search = (to: string) => {
    setText(to);
    typed.current = to;
    setParams({ q: to });
  };
  return (
    // biome-ignore lint/a11y/useSemanticElements: the element is too new for some browsers
    <div className={styles.field} role="search">
      <Search size={15} aria-hidden="true" />
      <input
        className={styles.input}
        type="text"
        inputMode="search"
        value={text}
        placeholder={t("placeholder")}
        aria-label={t("label")}
        data-search
        dir="auto"
        onChange={(event) => search(event.target.value)}
        onKeyDown={(event) => {
          if (event.key !== "Escape") return;
          if (text) search("");
          else event.currentTarget.blur();
        }}
      />
      {text ? (
        <button type="button" className={styles.clear} aria-label={t("clear")} onClick={() => search("")}>
          <X size={14} aria-hidden="true" />
        </button>
      ) : null}
    </div>
  );
}
