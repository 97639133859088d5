import type { Metadata, Viewport } from "next";
import { cookies } from "next/headers";
import type { ReactNode } from "react";
import { fontClasses } from "#lib/ui/fonts.ts";
import { THEME_COOKIE, themeOf } from "#lib/ui/theme.ts";
import "#lib/ui/theme.css";

export const metadata: Metadata = {
  title: { default: "Strata", template: "%s · Strata" },
  description: "Courses in networking whose labs are proved, not guessed.",
};

export const viewport: Viewport = {
  themeColor: [
    { media: "(prefers-color-scheme: light)", color: "#ffffff" },
    { media: "(prefers-color-scheme: dark)", color: "#17191c" },
  ],
};

export default async function RootLayout({ children }: { children: ReactNode }) {
  const theme = themeOf((await cookies()).get(THEME_COOKIE)?.value);
  return (
    <html lang="en" className={fontClasses} data-theme={theme}>
      <body>{children}</body>
    </html>
  );
}
