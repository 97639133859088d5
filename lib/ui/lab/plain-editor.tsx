"use client";

import { useEffect, useRef } from "react";
import type { Reveal } from "./code-editor.tsx";
import css from "./files.module.css";

/** Where a learner types before the editor has come, where it cannot come, and on a phone. */
export function PlainEditor({
  path,
  text,
  readOnly,
  reveal,
  onEdit,
  onCaret,
}: {
  path: string;
  text: string;
  readOnly: boolean;
  reveal: Reveal | null;
  onEdit: (path: string, text: string) => void;
  /** Where the caret is while it is here, for the editor that takes over. */
  onCaret: (at: number | null) => void;
}) {
  const area = useRef<HTMLTextAreaElement>(null);
  useEffect(() => {
    if (reveal && reveal.range.file === path && area.current)
      select(area.current, reveal.range.line);
  }, [reveal, path]);
  const remember = () => {
    const own = area.current;
    onCaret(own && document.activeElement === own ? own.selectionStart : null);
  };
  return (
    <textarea
      ref={area}
      className={css.plain}
      aria-label={readOnly ? `${path}, read-only` : path}
      value={text}
      readOnly={readOnly}
      onChange={(event) => {
        onEdit(path, event.target.value);
        remember();
      }}
      onSelect={remember}
      onBlur={remember}
      spellCheck={false}
      autoCapitalize="off"
      autoComplete="off"
      autoCorrect="off"
      wrap="soft"
    />
  );
}

function select(area: HTMLTextAreaElement, line: number): void {
  const lines = area.value.split("\n");
  const from = lines.slice(0, line - 1).reduce((sum, it) => sum + it.length + 1, 0);
  area.focus();
  area.setSelectionRange(from, from + (lines[line - 1]?.length ?? 0));
  const height = area.scrollHeight / lines.length;
  area.scrollTop = Math.max(0, (line - 3) * height);
}
