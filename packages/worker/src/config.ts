import {
  Kind,
  type Static,
  type TObject,
  type TSchema,
  Value,
  type ValueError,
  ValueErrorType,
} from 'iii-protocol/schema';
import { suggest } from './suggest.js';

/** Something wrong with a configuration. */
export interface ConfigProblem {
  /** Where: names and indexes from the outside in; empty for the whole. */
  readonly path: ReadonlyArray<string | number>;
  /** What is there, what should be, and what to do. */
  readonly message: string;
}

/** A configuration that does not fit its schema. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';

  constructor(
    readonly worker: string,
    readonly problems: readonly ConfigProblem[],
  ) {
    super(`invalid configuration of ${worker}: ${problems.map(sentence).join('; ')}`);
  }
}

function sentence({ path, message }: ConfigProblem): string {
  return path.length === 0 ? message : `${formatPath(path)}: ${message}`;
}

/** `cors.allowed_origins[0]` */
export function formatPath(path: ReadonlyArray<string | number>): string {
  return path.reduce<string>((text, part) => {
    if (typeof part === 'number') return `${text}[${part}]`;
    return text === '' ? part : `${text}.${part}`;
  }, '');
}

/**
 * Checks a configuration and fills in its defaults. Nothing is converted: `"3111"` is not a number. Nothing given
 * (`undefined` or `null`) counts as an empty one.
 *
 * @throws ConfigError naming everything that is wrong with it.
 */
export function readConfig<Schema extends TObject>(
  worker: string,
  schema: Schema,
  given: unknown,
): Static<Schema> {
  const value = Value.Default(schema, structuredClone(given ?? {}));
  if (Value.Check(schema, value)) return value;
  const seen = new Set<string>();
  const problems: ConfigProblem[] = [];
  for (const error of Value.Errors(schema, value)) {
    // One problem a place: the first is the most precise.
    if (seen.has(error.path)) continue;
    seen.add(error.path);
    problems.push({ path: pathOf(error.path, value), message: explain(error, schema) });
  }
  throw new ConfigError(worker, problems);
}

/** The parts of a JSON pointer; digits count as an index where there is a list. */
function pathOf(pointer: string, root: unknown): Array<string | number> {
  const parts = pointer.split('/').slice(1);
  let at = root;
  return parts.map((part) => {
    const name = part.replaceAll('~1', '/').replaceAll('~0', '~');
    const key = Array.isArray(at) ? Number(name) : name;
    at = typeof at === 'object' && at !== null ? (at as Record<string | number, unknown>)[key] : undefined;
    return key;
  });
}

function explain(error: ValueError, root: TObject): string {
  switch (error.type) {
    case ValueErrorType.ObjectAdditionalProperties:
      return unknownMember(error, root);
    case ValueErrorType.ObjectRequiredProperty:
      return `is required: expected ${describe(error.schema)}`;
    default:
      return `expected ${describe(error.schema)}, not ${show(error.value)}`;
  }
}

function unknownMember(error: ValueError, root: TObject): string {
  const parts = error.path.split('/').slice(1);
  const name = parts.pop() ?? '';
  const known = Object.keys(membersAt(root, parts));
  const near = suggest(name, known);
  if (near !== undefined) return `is not known. Did you mean "${near}"?`;
  return known.length === 0 ? 'is not known: nothing is' : `is not known. Known are ${known.join(', ')}`;
}

/** The members the schema has at a place. */
function membersAt(schema: TSchema, parts: readonly string[]): Readonly<Record<string, TSchema>> {
  const [first, ...rest] = parts;
  if (Array.isArray(schema.anyOf)) {
    const options = schema.anyOf as TSchema[];
    return Object.assign({}, ...options.map((option) => membersAt(option, parts))) as Record<string, TSchema>;
  }
  if (first === undefined) return (schema.properties ?? {}) as Record<string, TSchema>;
  const inner =
    (schema.properties as Record<string, TSchema> | undefined)?.[first] ??
    (schema.items as TSchema | undefined) ??
    Object.values((schema.patternProperties ?? {}) as Record<string, TSchema>)[0];
  return inner === undefined ? {} : membersAt(inner, rest);
}

/** A schema in words. */
function describe(schema: TSchema): string {
  if (schema.const !== undefined) return JSON.stringify(schema.const);
  if (Array.isArray(schema.anyOf)) {
    const options = (schema.anyOf as TSchema[]).filter((option) => option[Kind] !== 'Undefined');
    return options.map(describe).join(' or ');
  }
  switch (schema.type) {
    case 'integer':
    case 'number':
      return `${schema.type === 'integer' ? 'an integer' : 'a number'}${range(schema)}`;
    case 'string':
      // A pattern says less to a reader than a title.
      if (typeof schema.title === 'string') return schema.title;
      return schema.minLength === 1 ? 'a non-empty string' : 'a string';
    case 'boolean':
      return 'true or false';
    case 'array':
      return `a list of ${describe((schema.items ?? {}) as TSchema).replace(/^an? /, '')} values`;
    case 'object':
      return 'a mapping';
    case 'null':
      return 'null';
    default:
      return 'another value';
  }
}

function range({ minimum, maximum }: TSchema): string {
  if (minimum !== undefined && maximum !== undefined) return ` from ${minimum} to ${maximum}`;
  if (minimum !== undefined) return ` of at least ${minimum}`;
  return maximum === undefined ? '' : ` of at most ${maximum}`;
}

function show(value: unknown): string {
  const text = JSON.stringify(value) ?? String(value);
  return text.length > 60 ? `${text.slice(0, 60)}…` : text;
}
