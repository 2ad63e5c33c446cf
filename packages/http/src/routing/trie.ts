import type { Segment } from './pattern.js';

interface Node<T> {
  readonly literals: Map<string, Node<T>>;
  param: Node<T> | undefined;
  /** Value of the pattern that ends here. */
  value: T | undefined;
  /** Value of the pattern that ends here with `{*rest}`. */
  rest: T | undefined;
}

/**
 * Values by pattern, found by path. Nothing of a path is decoded or normalised. Changes cost as much as the pattern
 * is long; a search looks at no node twice, so at worst it costs as many steps as there are patterns.
 */
export class Trie<T> {
  readonly #root = emptyNode<T>();

  get(pattern: readonly Segment[]): T | undefined {
    const node = this.#descend(pattern)?.at(-1);
    return node === undefined ? undefined : node[placeOf(pattern)];
  }

  set(pattern: readonly Segment[], value: T): void {
    let node = this.#root;
    for (const segment of pattern) node = openChild(node, segment);
    node[placeOf(pattern)] = value;
  }

  delete(pattern: readonly Segment[]): void {
    const nodes = this.#descend(pattern);
    const last = nodes?.at(-1);
    if (nodes === undefined || last === undefined) return;
    last[placeOf(pattern)] = undefined;
    for (let depth = nodes.length - 1; depth > 0; depth--) {
      const [parent, child, segment] = [nodes[depth - 1], nodes[depth], pattern[depth - 1]];
      if (parent === undefined || child === undefined || segment === undefined || !isEmpty(child)) return;
      if (segment.kind === 'literal') parent.literals.delete(segment.text);
      else parent.param = undefined;
    }
  }

  /** Whether there is no pattern at all. */
  get isEmpty(): boolean {
    return isEmpty(this.#root);
  }

  /**
   * Shows every value whose pattern matches the path, the most specific first, until `visit` says true. Left to
   * right, literal text is more specific than a parameter, and that more than the rest of a path
   * (spec/worker-http.md §3.3). `captured` holds what the parameters stand for, and is only valid during the call.
   *
   * @returns what the last `visit` said; false when there was none.
   */
  match(path: string, visit: (value: T, captured: readonly string[]) => boolean): boolean {
    return path.startsWith('/') && search(this.#root, path, 1, [], visit);
  }

  /** The nodes from the root to where the pattern ends, if there are. */
  #descend(pattern: readonly Segment[]): Array<Node<T>> | undefined {
    const nodes = [this.#root];
    let node: Node<T> | undefined = this.#root;
    for (const segment of pattern) {
      if (segment.kind === 'rest') break;
      node = segment.kind === 'literal' ? node.literals.get(segment.text) : node.param;
      if (node === undefined) return undefined;
      nodes.push(node);
    }
    return nodes;
  }
}

function search<T>(
  node: Node<T>,
  path: string,
  start: number,
  captured: string[],
  visit: (value: T, captured: readonly string[]) => boolean,
): boolean {
  const slash = path.indexOf('/', start);
  const isLast = slash === -1;
  const segment = isLast ? path.slice(start) : path.slice(start, slash);
  const enter = (child: Node<T>): boolean => {
    if (!isLast) return search(child, path, slash + 1, captured, visit);
    return child.value !== undefined && visit(child.value, captured);
  };
  const literal = node.literals.get(segment);
  if (literal !== undefined && enter(literal)) return true;
  if (node.param !== undefined && segment !== '') {
    captured.push(segment);
    if (enter(node.param)) return true;
    captured.pop();
  }
  if (node.rest === undefined || start === path.length) return false;
  captured.push(path.slice(start));
  if (visit(node.rest, captured)) return true;
  captured.pop();
  return false;
}

function emptyNode<T>(): Node<T> {
  return { literals: new Map(), param: undefined, value: undefined, rest: undefined };
}

function isEmpty<T>(node: Node<T>): boolean {
  const { literals, param, value, rest } = node;
  return literals.size === 0 && param === undefined && value === undefined && rest === undefined;
}

function openChild<T>(node: Node<T>, segment: Segment): Node<T> {
  switch (segment.kind) {
    case 'literal': {
      const known = node.literals.get(segment.text);
      if (known !== undefined) return known;
      const made = emptyNode<T>();
      node.literals.set(segment.text, made);
      return made;
    }
    case 'param':
      node.param ??= emptyNode();
      return node.param;
    case 'rest':
      return node;
  }
}

/** Where the last node of a pattern keeps its value. */
function placeOf(pattern: readonly Segment[]): 'value' | 'rest' {
  return pattern.at(-1)?.kind === 'rest' ? 'rest' : 'value';
}
