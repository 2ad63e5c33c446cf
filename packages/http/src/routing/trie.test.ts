import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parsePattern, type Segment } from './pattern.js';
import { Trie } from './trie.js';

/** Every match of a path, most specific first. */
function matches(trie: Trie<string>, path: string): Array<[string, ...string[]]> {
  const found: Array<[string, ...string[]]> = [];
  trie.match(path, (value, captured) => {
    found.push([value, ...captured]);
    return false;
  });
  return found;
}

function trieOf(...patterns: string[]): Trie<string> {
  const trie = new Trie<string>();
  for (const pattern of patterns) trie.set(parsePattern(pattern).segments, pattern);
  return trie;
}

describe('a trie', () => {
  it('shows the most specific match first, and the others while it is not accepted', () => {
    const trie = trieOf('/{*all}', '/:a/:b', '/x/:b', '/:a/y', '/x/y');
    expect(matches(trie, '/x/y')).toEqual([
      ['/x/y'],
      ['/x/:b', 'y'],
      ['/:a/y', 'x'],
      ['/:a/:b', 'x', 'y'],
      ['/{*all}', 'x/y'],
    ]);
  });

  it('stops when a match is accepted, and says whether one was', () => {
    const trie = trieOf('/a', '/:x');
    const seen: string[] = [];
    expect(trie.match('/a', (value) => seen.push(value) > 0)).toBe(true);
    expect(seen).toEqual(['/a']);
    expect(trie.match('/b/c', () => true)).toBe(false);
  });

  it('goes back when literal text leads nowhere', () => {
    const trie = trieOf('/x/:a/y', '/x/z/q', '/f/{*r}', '/f/b');
    expect(matches(trie, '/x/z/y')).toEqual([['/x/:a/y', 'z']]);
    expect(matches(trie, '/f/b/c')).toEqual([['/f/{*r}', 'b/c']]);
  });

  it('takes an empty segment for literal text only', () => {
    const trie = trieOf('/:a', '/a/:b', '/f/{*r}', '/');
    expect(matches(trie, '/')).toEqual([['/']]);
    expect(matches(trie, '/a/')).toEqual([]);
    expect(matches(trie, '/f/')).toEqual([]);
    expect(matches(trie, '/f//')).toEqual([['/f/{*r}', '/']]);
  });

  it('matches nothing that is not a path', () => {
    expect(matches(trieOf('/{*r}', '/'), '*')).toEqual([]);
    expect(matches(trieOf('/{*r}', '/'), '')).toEqual([]);
  });

  it('keeps no trace of patterns that are gone', () => {
    const patterns = ['/a/b/c', '/a/:b', '/a/{*r}', '/', '/:x/y'];
    const trie = trieOf(...patterns);
    for (const pattern of patterns) {
      expect(trie.isEmpty).toBe(false);
      trie.delete(parsePattern(pattern).segments);
      expect(trie.get(parsePattern(pattern).segments)).toBeUndefined();
    }
    expect(trie.isEmpty).toBe(true);
  });

  it('forgets nothing else with a pattern', () => {
    const trie = trieOf('/a', '/a/b', '/a/{*r}');
    trie.delete(parsePattern('/a').segments);
    trie.delete(parsePattern('/never/was').segments);
    expect(matches(trie, '/a')).toEqual([]);
    expect(matches(trie, '/a/b')).toEqual([['/a/b'], ['/a/{*r}', 'b']]);
  });

  it('is not slowed down by long paths or by many patterns that nearly match', () => {
    const trie = new Trie<string>();
    // Every segment can be taken two ways, and the end matches none of them.
    for (let bits = 0; bits < 1024; bits++) {
      const parts = Array.from({ length: 10 }, (_, i) => (bits & (1 << i) ? 'a' : ':p'));
      trie.set(parsePattern(`/${parts.join('/')}/end`).segments, String(bits));
    }
    expect(matches(trie, '/a/a/a/a/a/a/a/a/a/a/nothing')).toEqual([]);
    expect(matches(trie, `/${'a/'.repeat(200_000)}`)).toEqual([]);
    expect(matches(trie, `/${'x'.repeat(1_000_000)}`)).toEqual([]);
  });
});

// --- against a reference that tries every pattern ---------------------------------------------------------

function captures(pattern: readonly Segment[], path: string): string[] | undefined {
  const parts = path.slice(1).split('/');
  const captured: string[] = [];
  for (const [index, segment] of pattern.entries()) {
    if (segment.kind === 'rest') {
      const rest = parts.slice(index).join('/');
      return rest === '' ? undefined : [...captured, rest];
    }
    const part = parts[index];
    if (part === undefined) return undefined;
    if (segment.kind === 'literal' && segment.text !== part) return undefined;
    if (segment.kind === 'param' && part === '') return undefined;
    if (segment.kind === 'param') captured.push(part);
  }
  return pattern.length === parts.length ? captured : undefined;
}

const RANK = { literal: 0, param: 1, rest: 2 };

function naiveMatches(patterns: ReadonlySet<string>, path: string): Array<[string, ...string[]]> {
  const found = [...patterns].flatMap((text) => {
    const { segments } = parsePattern(text);
    const captured = captures(segments, path);
    return captured === undefined ? [] : [{ text, captured, ranks: segments.map(({ kind }) => RANK[kind]) }];
  });
  const byRank = (a: readonly number[], b: readonly number[]) => {
    const at = a.findIndex((rank, index) => rank !== b[index]);
    return at === -1 ? 0 : a[at]! - b[at]!;
  };
  return found.sort((a, b) => byRank(a.ranks, b.ranks)).map(({ text, captured }) => [text, ...captured]);
}

const part = fc.constantFrom('a', 'b', '', 'ab', '%61');
const segment = fc.oneof({ weight: 3, arbitrary: part }, { weight: 2, arbitrary: fc.constant(':p') });
const pattern = fc
  .tuple(fc.array(segment, { maxLength: 4 }), fc.option(fc.constant('{*r}'), { nil: undefined }))
  .map(([parts, rest]) => `/${[...parts, ...(rest === undefined ? [] : [rest])].join('/')}`);
const path = fc.array(part, { maxLength: 6 }).map((parts) => `/${parts.join('/')}`);

describe('a trie and a matcher that tries every pattern', () => {
  it('agree on every path after any sequence of additions and removals', () => {
    const change = fc.record({ add: fc.boolean(), pattern });
    fc.assert(
      fc.property(
        fc.array(change, { maxLength: 40 }),
        fc.array(path, { maxLength: 20 }),
        (changes, paths) => {
          const trie = new Trie<string>();
          const present = new Set<string>();
          for (const { add, pattern: text } of changes) {
            const { segments } = parsePattern(text);
            if (add) {
              trie.set(segments, text);
              present.add(text);
            } else {
              trie.delete(segments);
              present.delete(text);
            }
            for (const one of paths) expect(matches(trie, one)).toEqual(naiveMatches(present, one));
          }
          for (const text of present) {
            expect(trie.get(parsePattern(text).segments)).toBe(text);
            trie.delete(parsePattern(text).segments);
          }
          expect(trie.isEmpty).toBe(true);
        },
      ),
      { numRuns: 300 },
    );
  });
});
