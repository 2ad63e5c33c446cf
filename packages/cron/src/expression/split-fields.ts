/** A field and where it begins in the expression. */
export interface PlacedField {
  readonly text: string;
  readonly at: number;
}

const COMMA = 0x2c;
const HYPHEN = 0x2d;
const SLASH = 0x2f;

/** The fields of an expression, which white space stands between. */
export function splitFields(expression: string): PlacedField[] {
  const fields: Array<{ text: string; at: number }> = [];
  let last: { text: string; at: number } | undefined;
  for (let at = wordFrom(expression, 0); at < expression.length; ) {
    const end = wordEnd(expression, at);
    if (last !== undefined && (joins(expression, at) || joins(last.text, last.text.length - 1))) {
      last.text = expression.slice(last.at, end);
    } else {
      last = { text: expression.slice(at, end), at };
      fields.push(last);
    }
    at = wordFrom(expression, end);
  }
  return fields;
}

/** White space beside a comma, a hyphen or a slash is inside of a field. */
function joins(text: string, at: number): boolean {
  const code = text.charCodeAt(at);
  return code === COMMA || code === HYPHEN || code === SLASH;
}

function wordFrom(text: string, from: number): number {
  let at = from;
  while (at < text.length && isSpace(text.charCodeAt(at))) at++;
  return at;
}

function wordEnd(text: string, from: number): number {
  let at = from;
  while (at < text.length && !isSpace(text.charCodeAt(at))) at++;
  return at;
}

/** What `\s` matches; in expressions as they are written, without asking it. */
function isSpace(code: number): boolean {
  if (code < 0x80) return code === 0x20 || (code >= 0x09 && code <= 0x0d);
  return /\s/.test(String.fromCharCode(code));
}
