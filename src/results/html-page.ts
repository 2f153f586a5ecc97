import { escapeMarkup } from './escape-markup.ts';

/**
 * One HTML page that needs no other file.
 * @param style as CSS
 * @param body as markup, below the title; both end with a newline
 */
export function htmlPage(title: string, style: string, body: string): string {
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>${escapeMarkup(title)}</title>
<style>
${style}</style>
</head>
<body>
<h1>${escapeMarkup(title)}</h1>
${body}</body>
</html>
`;
}
