import "@fontsource-variable/inter/wght.css";
import font from "@fontsource-variable/inter/files/inter-latin-wght-normal.woff2";
import "./tokens.css";
import "./base.css";
import type { Metadata, Viewport } from "next";
import type { ReactNode } from "react";
import { preload } from "react-dom";

export const metadata: Metadata = {
  title: "Tasks",
  description: "Your tasks, live on every device",
  manifest: "/manifest.webmanifest",
  icons: { icon: "/icon.svg", apple: "/icon-192.png" },
};

export const viewport: Viewport = {
  width: "device-width",
  initialScale: 1,
  viewportFit: "cover",
  themeColor: [
    { media: "(prefers-color-scheme: light)", color: "#fbfbfa" },
    { media: "(prefers-color-scheme: dark)", color: "#17181b" },
  ],
};

/**
 * Before the first paint, so that nothing flashes; and before the other scripts, what the first of them waits for
 * (signin/settings.ts). The content security policy knows it by its hash.
 */
const FIRST = `try{var t=localStorage.getItem("theme");if(t)document.documentElement.dataset.theme=t}catch(e){}
(earlySettings=fetch("/config.json",{cache:"no-store"})).catch(function(){})`;

export default function RootLayout({ children }: { children: ReactNode }) {
  preload(font, { as: "font", type: "font/woff2", crossOrigin: "anonymous" });
  return (
    <html lang="en" suppressHydrationWarning>
      <head>
        {/* biome-ignore lint/security/noDangerouslySetInnerHtml: a constant of this file */}
        <script dangerouslySetInnerHTML={{ __html: FIRST }} />
      </head>
      <body>{children}</body>
    </html>
  );
}
