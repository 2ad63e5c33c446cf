import { SchemaDocument, type Shape } from './schema-shape.js';

/** One row of the table in `iii trigger <fn> --help`. */
export interface Parameter {
  /** With dots for members of members, and `[]` for elements. */
  readonly name: string;
  /** Several types are joined with `|`. */
  readonly type: string;
  readonly required: boolean;
  readonly description: string;
}

/** How many levels of members are shown below the first. */
const DEEPEST = 2;
/** Rows a reader still reads. */
export const MOST_PARAMETERS = 200;
const MOST_VALUES = 12;

/** What a schema says about the payload of a function, at most {@link MOST_PARAMETERS} rows. */
export function parametersOf(schema: unknown): Parameter[] {
  const rows = payloadRows(new SchemaDocument(schema), schema);
  const parameters: Parameter[] = [];
  for (const row of rows) {
    if (parameters.length === MOST_PARAMETERS) break;
    parameters.push(row);
  }
  return parameters;
}

function* payloadRows(document: SchemaDocument, schema: unknown): Generator<Parameter> {
  const shape = document.shapeOf(schema);
  const isObject = shape.members.size > 0 || shape.types.every((type) => type === 'object');
  if (!isObject) yield row('(payload)', shape, true);
  yield* memberRows(document, shape, '', 0);
}

function* memberRows(
  document: SchemaDocument,
  { members, items }: Shape,
  prefix: string,
  depth: number,
): Generator<Parameter> {
  const separator = prefix === '' ? '' : '.';
  for (const [name, { schema, required }] of members) {
    const shape = document.shapeOf(schema);
    const path = `${prefix}${separator}${name}`;
    yield row(path, shape, required);
    if (depth < DEEPEST) yield* memberRows(document, shape, path, depth + 1);
  }
  if (items !== undefined) yield* memberRows(document, document.shapeOf(items), `${prefix}[]`, depth);
}

function row(name: string, shape: Shape, required: boolean): Parameter {
  const { types, values, default: byDefault } = shape;
  const sentences = [
    shape.description,
    values === undefined || values.every((value) => value === null) ? undefined : `One of ${listed(values)}.`,
    byDefault === undefined ? undefined : `Default: ${JSON.stringify(byDefault)}.`,
  ];
  return {
    name,
    type: types.length === 0 ? 'any' : types.join('|'),
    required,
    description: sentences.filter((sentence) => sentence !== undefined).join(' '),
  };
}

function listed(values: readonly unknown[]): string {
  const shown = values.slice(0, MOST_VALUES).map((value) => JSON.stringify(value));
  return (values.length > MOST_VALUES ? [...shown, '…'] : shown).join(', ');
}
