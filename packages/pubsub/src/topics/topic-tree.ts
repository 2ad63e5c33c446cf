/** Between the words of a topic. */
const SEPARATOR = '.';
/** Stands for exactly one word. */
const ONE = '*';
/** Stands for any number of words, none included. */
const ANY = '#';

/** Whether a topic that was subscribed to stands for more than the topic of that name. */
export function isPattern(topic: string): boolean {
  return topic.split(SEPARATOR).some((word) => word === ONE || word === ANY);
}

interface Node<Value> {
  readonly below: Map<string, Node<Value>>;
  readonly values: Set<Value>;
}

/**
 * Who is subscribed to what. Topics are compared whole, character by character; those with a word `*` or `#` also match
 * as patterns, the words of a topic being what stands between its dots.
 */
export class TopicTree<Value> {
  readonly #exact = new Map<string, Set<Value>>();
  readonly #patterns: Node<Value> = emptyNode();
  #patternCount = 0;

  add(topic: string, value: Value): void {
    if (!isPattern(topic)) {
      const values = this.#exact.get(topic);
      if (values === undefined) this.#exact.set(topic, new Set([value]));
      else values.add(value);
      return;
    }
    let node = this.#patterns;
    for (const word of topic.split(SEPARATOR)) {
      let next = node.below.get(word);
      if (next === undefined) {
        next = emptyNode();
        node.below.set(word, next);
      }
      node = next;
    }
    if (node.values.has(value)) return;
    node.values.add(value);
    this.#patternCount++;
  }

  remove(topic: string, value: Value): void {
    if (!isPattern(topic)) {
      const values = this.#exact.get(topic);
      values?.delete(value);
      if (values?.size === 0) this.#exact.delete(topic);
      return;
    }
    const path = [this.#patterns];
    const words = topic.split(SEPARATOR);
    for (const word of words) {
      const next = path.at(-1)?.below.get(word);
      if (next === undefined) return;
      path.push(next);
    }
    if (!path.at(-1)?.values.delete(value)) return;
    this.#patternCount--;
    for (let depth = words.length; depth > 0; depth--) {
      const node = path[depth];
      if (node === undefined || node.values.size > 0 || node.below.size > 0) return;
      path[depth - 1]?.below.delete(words[depth - 1] ?? '');
    }
  }

  /** Everyone a message to this topic is for, each once, those subscribed to the topic itself first. */
  matching(topic: string): Set<Value> {
    const exact = this.#exact.get(topic);
    const found = new Set(exact);
    if (this.#patternCount === 0) return found;
    const words = topic.split(SEPARATOR);
    const seen = new Map<Node<Value>, Set<number>>();
    const walk = (node: Node<Value>, at: number): void => {
      // Several `#` lead to the same place in many ways: one of them is enough.
      const visits = seen.get(node);
      if (visits?.has(at)) return;
      if (visits === undefined) seen.set(node, new Set([at]));
      else visits.add(at);
      if (at === words.length) for (const value of node.values) found.add(value);
      const any = node.below.get(ANY);
      if (any !== undefined) for (let rest = at; rest <= words.length; rest++) walk(any, rest);
      const word = words[at];
      if (word === undefined) return;
      const one = node.below.get(ONE);
      if (one !== undefined) walk(one, at + 1);
      const literal = word === ONE || word === ANY ? undefined : node.below.get(word);
      if (literal !== undefined) walk(literal, at + 1);
    };
    walk(this.#patterns, 0);
    return found;
  }
}

function emptyNode<Value>(): Node<Value> {
  return { below: new Map(), values: new Set() };
}
