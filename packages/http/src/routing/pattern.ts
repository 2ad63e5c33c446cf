import { HttpError } from '../errors.js';
import { byteText } from '../request/byte-text.js';

/** One segment of a pattern. `rest` takes everything up to the end of the path and can only be the last. */
export type Segment =
  | { readonly kind: 'literal'; readonly text: string }
  | { readonly kind: 'param' }
  | { readonly kind: 'rest' };

/** The path of a route, taken apart (spec/worker-http.md §3.1). */
export interface Pattern {
  /** With its leading slash. */
  readonly text: string;
  readonly segments: readonly Segment[];
  /** Names of the parameters in the order they appear. */
  readonly names: readonly string[];
}

const MAX_PARAMS = 25;
/** Characters. Also bounds how deep the tree of routes can be. */
const MAX_LENGTH = 4096;

const BRACED = /^\{(\*?)([^{}*]+)\}$/;

/** @throws HttpError `invalid_api_path`. */
export function parsePattern(apiPath: string): Pattern {
  const text = apiPath.startsWith('/') ? apiPath : `/${apiPath}`;
  const invalid = (what: string) => new HttpError('invalid_api_path', `api_path ${quote(apiPath)} ${what}`);
  if (text.length > MAX_LENGTH) throw invalid(`is longer than ${MAX_LENGTH} characters`);
  if (text.includes('?')) throw invalid('has a query, which is not part of the path');
  const names: string[] = [];
  const parts = text.slice(1).split('/');
  const segments = parts.map((part, index): Segment => {
    const braced = BRACED.exec(part);
    if (part.startsWith(':') || braced !== null) {
      const name = braced?.[2] ?? part.slice(1);
      if (name === '' || /[{}]/.test(name))
        throw invalid(`has a parameter ${quote(part)} without a valid name`);
      names.push(name);
      if (names.length > MAX_PARAMS) throw invalid(`has more than ${MAX_PARAMS} parameters`);
      if (braced?.[1] !== '*') return { kind: 'param' };
      if (index < parts.length - 1) throw invalid(`has ${quote(part)} before its last segment`);
      return { kind: 'rest' };
    }
    if (part.startsWith('*'))
      throw invalid(`has a segment ${quote(part)}; for the rest of a path write {*name}`);
    const literal = unescapeBraces(part);
    if (literal === undefined) throw invalid(`has a brace in ${quote(part)} that is not a whole {name}`);
    return { kind: 'literal', text: byteText(literal) };
  });
  return { text, segments, names };
}

/** `{{` and `}}` are one brace each; undefined when there is a single one. */
function unescapeBraces(part: string): string | undefined {
  const literal = part.replace(/\{\{|\}\}/g, '');
  return /[{}]/.test(literal) ? undefined : part.replaceAll('{{', '{').replaceAll('}}', '}');
}

function quote(text: string): string {
  return JSON.stringify(text.length > 200 ? `${text.slice(0, 200)}…` : text);
}
