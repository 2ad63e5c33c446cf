/** Line separators, and what reorders the text around it: neither is visible where it takes effect. */
const DECEIVING = '\\p{Bidi_Control}\\u2028\\u2029';
const UNSAFE = new RegExp(`[\\p{Cc}${DECEIVING}]`, 'gu');
/** JSON text escapes the older control characters itself, and its layout is made of them. */
const UNSAFE_IN_JSON = new RegExp(`[\\u007f-\\u009f${DECEIVING}]`, 'gu');

/** Text of somebody else as one line that cannot command a terminal or pass for other text (§1.4). */
export function singleLine(text: string): string {
  return text.replaceAll(/\s+/gu, ' ').replaceAll(UNSAFE, '').trim();
}

/** JSON text in which such characters stand as escapes, so that it still means the same. */
export function escapedJson(json: string): string {
  return json.replaceAll(UNSAFE_IN_JSON, (character) => {
    return `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;
  });
}
