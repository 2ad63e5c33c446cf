/** A field and where it begins in the expression. */
export interface PlacedField {
  readonly text: string;
  readonly at: number;
}

/** White space that is inside of a field: beside a comma, a hyphen or a slash. */
const INSIDE = /^[,\-/]/;
const OPENS = /[,\-/]$/;

/** The fields of an expression, which white space stands between. */
export function splitFields(expression: string): PlacedField[] {
  const fields: Array<{ text: string; at: number }> = [];
  for (const match of expression.matchAll(/\S+/g)) {
    const word = match[0];
    const last = fields.at(-1);
    if (last !== undefined && (INSIDE.test(word) || OPENS.test(last.text))) {
      last.text = expression.slice(last.at, match.index + word.length);
    } else {
      fields.push({ text: word, at: match.index });
    }
  }
  return fields;
}
