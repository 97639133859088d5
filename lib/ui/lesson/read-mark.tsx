"use client";

import { useEffect, useRef } from "react";

/** Stands at the end of a lesson: when it comes into view, the lesson has been read. */
export function ReadMark({ markRead }: { markRead: () => Promise<void> }) {
  const end = useRef<HTMLDivElement>(null);
  useEffect(() => {
    const element = end.current;
    if (!element) return;
    const observer = new IntersectionObserver(([entry]) => {
      if (!entry?.isIntersecting) return;
      observer.disconnect();
      // Not worth a word when it fails: the next visit marks it.
      markRead().catch(() => {});
    });
    observer.observe(element);
    return () => observer.disconnect();
  }, [markRead]);
  return <div ref={end} aria-hidden="true" style={{ height: 1 }} />;
}
