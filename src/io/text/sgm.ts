/**
 * The segments of a text in the SGML of WMT's test sets, one a line, as sacreBLEU takes them: without the markup, runs of blanks as
 * one, and entities as they stand.
 */
export function sgmSegments(text: string): string[] {
  return Array.from(text.matchAll(/<seg\b[^>]*>(.*?)<\/seg>/gis), ([, segment]) =>
    segment.trim().replace(/\s+/g, ' '),
  );
}
