// The frame of a page: it asks nobody for anything, which its policy says to the browser, and stands in light
// and dark. The one script that may run is the page's own.

import { createHash } from "node:crypto";
import { Html, html } from "./html.ts";

export interface PageFrame {
  readonly title: string;
  readonly style: string;
  /** Runs behind the body. */
  readonly script?: string;
}

/** The page's text. @param body what stands in <body>. */
export function framedPage({ title, style, script }: PageFrame, body: Html): string {
  const digest = createHash("sha256")
    .update(script ?? "")
    .digest("base64");
  const scripts = script === undefined ? "" : `; script-src 'sha256-${digest}'`;
  const policy = `default-src 'none'; style-src 'unsafe-inline'${scripts}`;
  return html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${title}</title>
<style>${new Html(style)}</style>
</head>
<body>
${body}${script === undefined ? null : html`\n<script>${new Html(script)}</script>`}
</body>
</html>
`.text;
}
