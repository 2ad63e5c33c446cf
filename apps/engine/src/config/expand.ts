/** A variable that is not set and has no default. */
export interface MissingVariable {
  readonly name: string;
  readonly line: number;
  readonly column: number;
}

const REFERENCE = /\$\{([^}:]+)(?::([^}]*))?\}/g;
/** A default that stands for the version of the engine. */
const VERSION_PLACEHOLDER = '__III_ENGINE_VERSION__';

/**
 * Replaces `${NAME}` and `${NAME:default}` by environment variables, in the text itself, before it is parsed
 * (cli-config-observability.md §4.2). Comments are left alone.
 */
export function expandEnvironment(
  text: string,
  env: Readonly<Record<string, string | undefined>>,
  version: string,
): { readonly text: string; readonly missing: readonly MissingVariable[] } {
  const missing: MissingVariable[] = [];
  const lines = text.split('\n').map((line, index) => {
    const end = commentStart(line);
    const expanded = line.slice(0, end).replace(REFERENCE, (whole, name: string, fallback, at: number) => {
      const value = env[name] ?? (fallback as string | undefined)?.replaceAll(VERSION_PLACEHOLDER, version);
      if (value !== undefined) return value;
      missing.push({ name, line: index + 1, column: at + 1 });
      return whole;
    });
    return expanded + line.slice(end);
  });
  return { text: lines.join('\n'), missing };
}

/** Where the comment of a line begins; the length of the line when it has none. */
function commentStart(line: string): number {
  let quote: string | undefined;
  for (let i = 0; i < line.length; i++) {
    const c = line[i];
    if (quote !== undefined) {
      if (c === '\\' && quote === '"') i++;
      else if (c === quote) quote = undefined;
      continue;
    }
    const startsToken = i === 0 || /[\s[{,:]/.test(line[i - 1] ?? '');
    if ((c === '"' || c === "'") && startsToken) quote = c;
    if (c === '#' && (i === 0 || /\s/.test(line[i - 1] ?? ''))) return i;
  }
  return line.length;
}
