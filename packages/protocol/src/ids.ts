const HYPHENATED = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;
const CANONICAL = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;
const OTHER_FORMS =
  /^(?:[0-9a-f]{32}|\{[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\}|urn:uuid:[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})$/i;

/** Hyphenated, simple, braced and URN forms, in any case (protocol.md §2.1). */
export function isUuid(text: string): boolean {
  return HYPHENATED.test(text) || OTHER_FORMS.test(text);
}

/** Whether a text is a UUID in the form in which everyone writes it, whoever reads it in between. */
export function isCanonicalUuid(text: string): boolean {
  return CANONICAL.test(text);
}

/** The lower-case hyphenated form of anything {@link isUuid} accepts, for comparing. */
export function canonicalUuid(text: string): string {
  if (HYPHENATED.test(text)) return text.toLowerCase();
  const hex = text
    .replace(/^urn:uuid:/i, '')
    .replace(/[{}-]/g, '')
    .toLowerCase();
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join('-');
}
