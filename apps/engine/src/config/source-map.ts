import {
  type Document,
  isCollection,
  isNode,
  isPair,
  isScalar,
  LineCounter,
  type Node,
  parseDocument,
} from 'yaml';
import type { FileProblem } from './config-file-error.js';

/** A parsed YAML file that knows where everything in it stands. */
export class YamlSource {
  readonly #document: Document;
  readonly #lines = new LineCounter();

  constructor(text: string) {
    this.#document = parseDocument(text, { lineCounter: this.#lines, prettyErrors: false, uniqueKeys: true });
  }

  /** What the parser could not read. */
  get syntaxProblems(): FileProblem[] {
    return this.#document.errors.map((error) => ({
      ...this.#position(error.pos[0]),
      message: error.message,
    }));
  }

  get value(): unknown {
    return this.#document.toJS() as unknown;
  }

  /** Where the value at a path stands; for a member, where its name stands. */
  locate(path: ReadonlyArray<string | number>): { line?: number; column?: number } {
    for (let length = path.length; length >= 0; length--) {
      const offset = this.#offset(path.slice(0, length));
      if (offset !== undefined) return this.#position(offset);
    }
    return {};
  }

  #offset(path: ReadonlyArray<string | number>): number | undefined {
    const last = path.at(-1);
    const parent = path.length === 0 ? undefined : this.#node(path.slice(0, -1));
    if (typeof last === 'string' && isCollection(parent)) {
      const pair = parent.items.find((item) => isPair(item) && isScalar(item.key) && item.key.value === last);
      if (isPair(pair) && isNode(pair.key)) return pair.key.range?.[0];
    }
    return this.#node(path)?.range?.[0];
  }

  #node(path: ReadonlyArray<string | number>): Node | undefined {
    const found: unknown = path.length === 0 ? this.#document.contents : this.#document.getIn(path, true);
    return isNode(found) ? found : undefined;
  }

  #position(offset: number): { line: number; column: number } {
    const { line, col } = this.#lines.linePos(offset);
    return { line, column: col };
  }
}
