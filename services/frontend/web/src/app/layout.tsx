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

/** Before the first paint, so that nothing flashes. The content security policy knows it by its hash. */
const THEME = `try{var t=localStorage.getItem("theme");if(t)document.documentElement.dataset.theme=t}catch(e){}`;

export default function RootLayout({ children }: { children: ReactNode }) {
  preload(font, { as: "font", type: "font/woff2", crossOrigin: "anonymous" });
  preload("/config.json", { as: "fetch", crossOrigin: "anonymous" });
  return (
    <html lang="en" suppressHydrationWarning>
      <head>
        {/* biome-ignore lint/security/noDangerouslySetInnerHtml: a constant of this file */}
        <script dangerouslySetInnerHTML={{ __html: THEME }} />
      </head>
      <body>{children}</body>
    </html>
  );
}
