import { RAW_EMPTY_OBJECT, RAW_NULL, type RawJson, rawMembers } from 'iii-protocol';
import { OperationError, type OperationProblem } from './errors.js';
import { OPERATION_LIMITS, RESERVED_NAMES } from './limits.js';
import { closed, depthOf, joinedStrings, type Node, opened, typeOf, withElement } from './node.js';
import { addInteger, rawInteger } from './number.js';
import type { Operation } from './operation.js';
import { checkPath, shownPath } from './paths.js';

/** Why an operation had no effect. */
export interface FailedOperation {
  /** Place among the operations, from 0. */
  readonly op_index: number;
  readonly code: string;
  readonly message: string;
}

export interface Updated {
  readonly value: RawJson;
  readonly errors: readonly FailedOperation[];
}

/**
 * Applies operations to a document in order (workers-state-stream-pubsub-cron.md §1.5). One that cannot be applied is
 * skipped and told about; the others count. What they do not touch stays the same bytes.
 *
 * @param current undefined when there is no document yet: it begins as `{}`.
 */
export function applyOperations(current: RawJson | undefined, operations: readonly Operation[]): Updated {
  const document = new Document(current);
  const errors: FailedOperation[] = [];
  for (const [index, operation] of operations.entries()) {
    try {
      document.apply(operation);
    } catch (error) {
      if (!(error instanceof OperationError)) throw error;
      errors.push({ op_index: index, code: error.code, message: error.message });
    }
  }
  return { value: closed(document.root), errors };
}

class Document {
  root: Node;
  /** Nothing has been done to a document that did not exist: it can still become anything (§1.5.2). */
  #isFresh: boolean;

  constructor(current: RawJson | undefined) {
    this.root = current ?? RAW_EMPTY_OBJECT;
    this.#isFresh = current === undefined;
  }

  apply(operation: Operation): void {
    checkPath(operation.type, operation.path);
    if (this.#perform(operation)) this.#isFresh = false;
  }

  /** @returns whether it had an effect; false for a merge that is ignored. */
  #perform(operation: Operation): boolean {
    switch (operation.type) {
      case 'set':
        this.#set(operation.path[0], operation.value);
        return true;
      case 'merge':
        return this.#merge(operation.path, operation.value);
      case 'increment':
        this.#add(operation, operation.by);
        return true;
      case 'decrement':
        this.#add(operation, -operation.by);
        return true;
      case 'append':
        this.#append(operation.path, operation.value);
        return true;
      case 'remove':
        this.#remove(operation.path[0]);
        return true;
    }
  }

  #set(field: string | undefined, value: RawJson): void {
    if (field === undefined) this.root = value;
    else this.#members('set', [field]).set(field, value);
  }

  #remove(field: string | undefined): void {
    if (field === undefined) this.root = RAW_NULL;
    else this.#members('remove', [field]).delete(field);
  }

  #merge(path: readonly string[], value: RawJson): boolean {
    const added = mergeable(value);
    let target = opened(this.root);
    if (path.length === 0) {
      if (target === undefined) return false;
      this.root = target;
    } else {
      target ??= new Map();
      this.root = target;
      for (const segment of path) target = child(target, segment);
    }
    for (const [name, member] of added) target.set(name, member);
    return true;
  }

  #add({ type, path }: Operation & { readonly type: 'increment' | 'decrement' }, by: bigint): void {
    const [field] = path;
    if (field === undefined) {
      this.root = this.#isFresh ? rawInteger(by) : sum(type, path, this.root, by);
      return;
    }
    const members = this.#members(type, path);
    const current = members.get(field);
    members.set(field, current === undefined ? rawInteger(by) : sum(type, path, current, by));
  }

  #append(path: readonly string[], value: RawJson): void {
    const field = path.at(-1);
    if (field === undefined) {
      this.root =
        this.#isFresh || typeOf(this.root) === 'null' ? begun(value) : longer(path, this.root, value);
      return;
    }
    let target = this.#members('append', path);
    for (const segment of path.slice(0, -1)) target = child(target, segment);
    const leaf = target.get(field);
    const isEmpty = leaf === undefined || typeOf(leaf) === 'null';
    const first = path.length === 1 ? begun : (element: RawJson) => withElement(undefined, element);
    target.set(field, isEmpty ? first(value) : longer(path, leaf, value));
  }

  /** The members of the whole document. */
  #members(operation: 'set' | 'append' | 'increment' | 'decrement' | 'remove', path: readonly string[]) {
    const members = opened(this.root);
    if (members === undefined) {
      const message = `${shownPath(path)} cannot be reached: the document is of type ${typeOf(this.root)}, not object`;
      throw new OperationError(operation, `${operation}.target_not_object`, message);
    }
    this.root = members;
    return members;
  }
}

/** The members of a child, which becomes an object if it is none. */
function child(parent: Map<string, Node>, name: string): Map<string, Node> {
  const node = parent.get(name);
  const members = (node && opened(node)) ?? new Map<string, Node>();
  parent.set(name, members);
  return members;
}

function sum(type: 'increment' | 'decrement', path: readonly string[], node: Node, by: bigint): RawJson {
  const found = typeOf(node);
  const result = found === 'number' && !(node instanceof Map) ? addInteger(node, by) : undefined;
  if (result !== undefined) return result;
  const problem: OperationProblem = `${type}.not_number`;
  throw new OperationError(
    type,
    problem,
    found === 'number'
      ? `${shownPath(path)} would be beyond what 64 bits hold`
      : `${shownPath(path)} is of type ${found}, not number`,
  );
}

/** What appending to nothing makes: a text begins a text, anything else begins a list. */
function begun(value: RawJson): RawJson {
  return typeOf(value) === 'string' ? value : withElement(undefined, value);
}

function longer(path: readonly string[], node: Node, value: RawJson): RawJson {
  const found = typeOf(node);
  if (!(node instanceof Map)) {
    if (found === 'array') return withElement(node, value);
    if (found === 'string' && typeOf(value) === 'string') return joinedStrings(node, value);
  }
  throw new OperationError(
    'append',
    'append.type_mismatch',
    `${shownPath(path)} is of type ${found}, to which a value of type ${typeOf(value)} cannot be appended`,
  );
}

/** The members of a value to merge, once it may be (§1.5.5). */
function mergeable(value: RawJson): ReadonlyMap<string, RawJson> {
  const refuse = (problem: OperationProblem, message: string) =>
    new OperationError('merge', problem, message);
  const found = typeOf(value);
  if (found !== 'object')
    throw refuse('merge.value.not_an_object', `the value is of type ${found}, not object`);
  const members = rawMembers(value);
  const { mergeKeys, mergeDepth } = OPERATION_LIMITS;
  if (members.size > mergeKeys) {
    throw refuse(
      'merge.value.too_many_keys',
      `the value has ${members.size} keys, and may have ${mergeKeys}`,
    );
  }
  for (const name of members.keys()) {
    if (RESERVED_NAMES.has(name))
      throw refuse('merge.value.proto_polluted', `the value may not have a key "${name}"`);
  }
  const depth = depthOf(value);
  if (depth > mergeDepth) {
    throw refuse('merge.value.too_deep', `the value nests ${depth} levels, and may nest ${mergeDepth}`);
  }
  return members;
}
