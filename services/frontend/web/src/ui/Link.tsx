import type { ComponentProps } from "react";
import { go } from "@/lib/address";

/** A link to a view of this page: followed without a reload, and an ordinary link for every other use. */
export function Link({ to, onClick, ...rest }: ComponentProps<"a"> & { to: string }) {
  return (
    <a
      {...rest}
      href={to}
      onClick={(event) => {
        onClick?.(event);
        if (event.defaultPrevented || event.button !== 0 || event.metaKey || event.ctrlKey || event.shiftKey) return;
        event.preventDefault();
        go(to);
      }}
    />
  );
}
