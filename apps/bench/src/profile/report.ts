import { existsSync, readFileSync } from 'node:fs';
import { SourceMap } from 'node:module';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { table } from '../text.js';
import { type CallFrame, costsByOrigin, costsOf, originOf, type Profile } from './costs.js';

const ROOT = path.resolve(import.meta.dirname, '../../../..');
const percent = (share: number) => `${(100 * share).toFixed(1)} %`;

/** The largest costs of a profile, by origin and by function, at their places in the source. */
export function reportProfile(file: string, rows = 20): string {
  const costs = costsOf(JSON.parse(readFileSync(file, 'utf8')) as Profile);
  const places = new Places();
  return [
    table(
      ['origin', 'share'],
      costsByOrigin(costs)
        .filter(([, share]) => share >= 0.01)
        .map(([origin, share]) => [origin, percent(share)]),
    ),
    table(
      ['function', 'share', 'at'],
      costs
        .slice(0, rows)
        .map(({ frame, share }) => [frame.functionName || '(anonymous)', percent(share), places.of(frame)]),
    ),
  ].join('\n\n');
}

/** Finds what was written in what was built. */
class Places {
  readonly #maps = new Map<string, SourceMap | undefined>();

  of(frame: CallFrame): string {
    if (!frame.url.startsWith('file:')) return frame.url || 'native';
    const file = fileURLToPath(frame.url);
    const entry = this.#mapOf(file)?.findEntry(frame.lineNumber, frame.columnNumber);
    if (entry !== undefined && 'originalSource' in entry) {
      const source = path.resolve(path.dirname(file), entry.originalSource);
      return `${path.relative(ROOT, source)}:${entry.originalLine + 1}`;
    }
    const place = /.*\/node_modules\/(.*)/.exec(file)?.[1] ?? path.relative(ROOT, file);
    return `${place}:${frame.lineNumber + 1} (${originOf(frame)})`;
  }

  #mapOf(file: string): SourceMap | undefined {
    if (!this.#maps.has(file)) {
      const beside = `${file}.map`;
      const map = existsSync(beside) ? new SourceMap(JSON.parse(readFileSync(beside, 'utf8'))) : undefined;
      this.#maps.set(file, map);
    }
    return this.#maps.get(file);
  }
}
