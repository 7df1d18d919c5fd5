// The frame of an HTML page, with a light and a dark style. The page makes no requests; its Content-Security-Policy
// enforces that, and allows only the page's own script.

import { host } from "#host";
import { base64, utf8Bytes } from "../bytes/text.ts";
import { Html, html } from "./html.ts";

export interface PageFrame {
  readonly title: string;
  readonly style: string;
  /** Runs after the body is parsed. */
  readonly script?: string;
}

/** The source expression in a page's policy that allows only this text of a <script> to run. */
export function scriptHash(script: string): string {
  return `'sha256-${base64(host.sha256([utf8Bytes(script)]))}'`;
}

/** The page's text. @param body the content of <body>. */
export function framedPage({ title, style, script }: PageFrame, body: Html): string {
  const scripts = script === undefined ? "" : `; script-src ${scriptHash(script)}`;
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
