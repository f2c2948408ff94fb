import { useEffect, useRef, useState } from "react";

/** What is being written: it follows the task until one begins to write, and is kept when one is done. */
export function useDraft(value: string, keep: (text: string) => void) {
  const [text, setText] = useState(value);
  const writing = useRef(false);
  useEffect(() => {
    if (!writing.current) setText(value);
  }, [value]);
  return {
    value: text,
    onFocus: () => {
      writing.current = true;
    },
    onChange: (event: { target: { value: string } }) => setText(event.target.value),
    onBlur: () => {
      writing.current = false;
      if (text !== value) keep(text);
    },
    reset: () => setText(value),
  };
}
