import localFont from "next/font/local";

const serif = localFont({
  src: [
    { path: "../../public/fonts/source-serif-4-latin-opsz-normal.woff2", weight: "200 900" },
    {
      path: "../../public/fonts/source-serif-4-latin-wght-italic.woff2",
      weight: "200 900",
      style: "italic",
    },
  ],
  variable: "--font-serif",
  display: "swap",
  adjustFontFallback: "Times New Roman",
  preload: false,
});

const sans = localFont({
  src: "../../public/fonts/ibm-plex-sans-latin-wght-normal.woff2",
  weight: "100 700",
  variable: "--font-sans",
  display: "swap",
});

const mono = localFont({
  src: [
    { path: "../../public/fonts/ibm-plex-mono-latin-400-normal.woff2", weight: "400" },
    { path: "../../public/fonts/ibm-plex-mono-latin-500-normal.woff2", weight: "500" },
    { path: "../../public/fonts/ibm-plex-mono-latin-600-normal.woff2", weight: "600" },
  ],
  variable: "--font-mono",
  display: "swap",
  adjustFontFallback: false,
  preload: false,
});

/** The classes that give a page its three voices: read, scanned, and said by a device. */
export const fontClasses = `${serif.variable} ${sans.variable} ${mono.variable}`;
