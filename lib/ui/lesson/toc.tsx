"use client";

import { useEffect, useState } from "react";

export type TocEntry = { readonly id: string; readonly text: string; readonly depth: number };

/** The headings of the page; with script, the one that is being read is marked. */
export function Toc({ headings }: { headings: readonly TocEntry[] }) {
  const shown = headings.filter((it) => it.depth === 2);
  const current = useCurrent(shown.map((it) => it.id).join(" "));
  const at = shown.findIndex((it) => it.id === current);
  if (shown.length === 0) return null;
  return (
    <>
      <h2>On this page</h2>
      <ol>
        {shown.map((it, index) => (
          <li key={it.id} data-past={index < at || undefined}>
            <a href={`#${it.id}`} aria-current={it.id === current ? "true" : undefined}>
              {it.text}
            </a>
          </li>
        ))}
      </ol>
    </>
  );
}

/** The last heading that has passed the upper third of the window. */
function useCurrent(ids: string): string | null {
  const [current, setCurrent] = useState<string | null>(null);
  useEffect(() => {
    const elements = ids.split(" ").flatMap((id) => document.getElementById(id) ?? []);
    const look = () => {
      const line = innerHeight / 3;
      const passed = elements.filter((it) => it.getBoundingClientRect().top < line);
      setCurrent(passed[passed.length - 1]?.id ?? null);
    };
    look();
    addEventListener("scroll", look, { passive: true });
    return () => removeEventListener("scroll", look);
  }, [ids]);
  return current;
}
