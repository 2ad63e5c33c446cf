interface ErrorEntry {
  readonly meaning: string;
  /** What the reader can do about it. */
  readonly hint: string;
}

/** Why one operation had no effect (workers-state-stream-pubsub-cron.md §1.5.9). Those of paths exist for every operation. */
export const operationErrors = {
  'set.target_not_object': {
    meaning: 'a field was to be set in something that is no object',
    hint: 'set the path "" first to make it one',
  },
  'append.target_not_object': {
    meaning: 'a path leads into something that is no object',
    hint: 'set the path "" first to make it one',
  },
  'append.type_mismatch': {
    meaning: 'what is there can be appended to by no value, or not by this one',
    hint: 'arrays take any value, strings take strings',
  },
  'increment.target_not_object': {
    meaning: 'a field was to be counted in something that is no object',
    hint: 'set the path "" first to make it one',
  },
  'increment.not_number': {
    meaning: 'what is there is no number, or the sum does not fit into 64 bits',
    hint: 'set the field to a number first',
  },
  'decrement.target_not_object': {
    meaning: 'a field was to be counted in something that is no object',
    hint: 'set the path "" first to make it one',
  },
  'decrement.not_number': {
    meaning: 'what is there is no number, or the difference does not fit into 64 bits',
    hint: 'set the field to a number first',
  },
  'remove.target_not_object': {
    meaning: 'a field was to be removed from something that is no object',
    hint: 'set the path "" first to make it one',
  },
  'merge.value.not_an_object': { meaning: 'only objects can be merged', hint: 'use set, or append' },
  'merge.value.too_many_keys': { meaning: 'an object to merge has too many keys', hint: 'merge it in parts' },
  'merge.value.proto_polluted': {
    meaning: 'a key to merge has a name that changes how JavaScript objects behave',
    hint: 'use another name',
  },
  'merge.value.too_deep': {
    meaning: 'an object to merge nests too deep',
    hint: 'merge its parts at their paths',
  },
  'path.too_deep': { meaning: 'a path has too many segments', hint: 'use a flatter document' },
  'path.empty_segment': { meaning: 'a segment of a path is empty', hint: 'name every level' },
  'path.segment_too_long': { meaning: 'a segment of a path is too long', hint: 'use shorter names' },
  'path.proto_polluted': {
    meaning: 'a segment of a path has a name that changes how JavaScript objects behave',
    hint: 'use another name',
  },
} as const satisfies Record<string, ErrorEntry>;

export type OperationProblem = keyof typeof operationErrors;

/** Thrown inside one operation, which then has no effect. */
export class OperationError extends Error {
  override readonly name = 'OperationError';
  /** As it is told to callers: the operation stands in front where the problem does not name it. */
  readonly code: string;

  constructor(operation: string, problem: OperationProblem, message: string) {
    super(message);
    this.code = problem.startsWith('path.') ? `${operation}.${problem}` : problem;
  }
}

/** The list of operations itself cannot be read; nothing of it was done (§1.5). */
export class OperationsUnreadable extends Error {
  override readonly name = 'OperationsUnreadable';
  readonly code = 'deserialization_error';
}
