const INDENT = '  ';

/**
 * Lays JSON text out as `JSON.stringify(value, null, 2)` would, without making values of it: numbers stay as they are
 * written, members stay in their order, and none is lost to another of its name.
 *
 * @param json one valid JSON value.
 */
export function prettyJson(json: string): string {
  const parts: string[] = [];
  let depth = 0;
  let at = 0;
  const newLine = () => `\n${INDENT.repeat(depth)}`;
  while (at < json.length) {
    const character = json.charAt(at);
    switch (character) {
      case '"': {
        const end = stringEnd(json, at);
        parts.push(respelled(json.slice(at, end)));
        at = end;
        continue;
      }
      case '{':
      case '[': {
        const next = skipSpace(json, at + 1);
        const close = json.charAt(next);
        if (close === '}' || close === ']') {
          parts.push(character, close);
          at = next + 1;
          continue;
        }
        depth++;
        parts.push(character, newLine());
        break;
      }
      case '}':
      case ']':
        depth--;
        parts.push(newLine(), character);
        break;
      case ',':
        parts.push(',', newLine());
        break;
      case ':':
        parts.push(': ');
        break;
      case ' ':
      case '\n':
      case '\r':
      case '\t':
        break;
      default:
        parts.push(character);
    }
    at++;
  }
  return parts.join('');
}

function skipSpace(json: string, from: number): number {
  let at = from;
  while (' \n\r\t'.includes(json.charAt(at)) && at < json.length) at++;
  return at;
}

/** Offset behind the string that starts at `from`. */
function stringEnd(json: string, from: number): number {
  let at = from + 1;
  while (json.charAt(at) !== '"') at += json.charAt(at) === '\\' ? 2 : 1;
  return at + 1;
}

/** The same string with no escapes but the necessary ones: some clients escape all but ASCII. */
function respelled(string: string): string {
  return string.includes('\\') ? JSON.stringify(JSON.parse(string)) : string;
}
