/** What a JSON Schema says about a value, as far as a reader at a terminal wants to know. */
export interface Shape {
  /** Empty when any type will do. */
  readonly types: readonly string[];
  readonly members: ReadonlyMap<string, SchemaMember>;
  /** Schema of the elements, for arrays. */
  readonly items: unknown;
  /** The only values allowed, where they are listed. */
  readonly values: readonly unknown[] | undefined;
  readonly description: string | undefined;
  readonly default: unknown;
}

interface SchemaMember {
  readonly schema: unknown;
  readonly required: boolean;
}

const ANY: Shape = {
  types: [],
  members: new Map(),
  items: undefined,
  values: undefined,
  description: undefined,
  default: undefined,
};

type Schema = Readonly<Record<string, unknown>>;

/**
 * Reads the schemas of one document: follows its references, and folds `allOf`, `anyOf` and `oneOf` into one shape.
 * Documents come from other people; one that refers to itself in circles ends somewhere.
 */
export class SchemaDocument {
  readonly #shapes = new Map<Schema, Shape>();

  constructor(private readonly root: unknown) {}

  shapeOf(schema: unknown): Shape {
    if (!isSchema(schema)) return ANY;
    const known = this.#shapes.get(schema);
    if (known !== undefined) return known;
    // Whoever comes back here while this one is being read learns nothing new.
    this.#shapes.set(schema, ANY);
    const shape = this.#read(schema);
    this.#shapes.set(schema, shape);
    return shape;
  }

  #read(schema: Schema): Shape {
    const parts = [ownShape(schema)];
    if (typeof schema.$ref === 'string') parts.push(this.#referred(schema.$ref));
    parts.push(...this.#all(schema.allOf));
    for (const alternatives of [schema.anyOf, schema.oneOf]) {
      const [first, ...others] = this.#all(alternatives);
      if (first !== undefined) parts.push(others.reduce(either, first));
    }
    return parts.reduce(both);
  }

  #all(schemas: unknown): Shape[] {
    return Array.isArray(schemas) ? schemas.map((schema) => this.shapeOf(schema)) : [];
  }

  /** A schema of this document; of another one, only its name is known. */
  #referred(reference: string): Shape {
    if (isSchema(this.root) && reference === this.root.$id) return this.shapeOf(this.root);
    const target = reference.startsWith('#') ? this.#resolve(reference.slice(1)) : undefined;
    if (target !== undefined) return this.shapeOf(target);
    const name = reference.split(/[/#]/).findLast((segment) => segment !== '');
    return name === undefined ? ANY : { ...ANY, types: [name] };
  }

  /** Follows a JSON pointer. */
  #resolve(pointer: string): unknown {
    let at: unknown = this.root;
    for (const segment of pointer.split('/').slice(1)) {
      const name = segment.replaceAll('~1', '/').replaceAll('~0', '~');
      if (typeof at !== 'object' || at === null || !Object.hasOwn(at, name)) return undefined;
      at = (at as Schema)[name];
    }
    return at;
  }
}

function isSchema(value: unknown): value is Schema {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** What a schema says by itself. */
function ownShape(schema: Schema): Shape {
  const values = 'const' in schema ? [schema.const] : Array.isArray(schema.enum) ? schema.enum : undefined;
  const required = new Set(Array.isArray(schema.required) ? schema.required : []);
  const properties = isSchema(schema.properties) ? Object.entries(schema.properties) : [];
  return {
    types: typesOf(schema, values),
    members: new Map(
      properties.map(([name, member]) => [name, { schema: member, required: required.has(name) }]),
    ),
    items: isSchema(schema.items) ? schema.items : undefined,
    values: schema.type === 'null' ? [null] : values,
    description: typeof schema.description === 'string' ? schema.description : undefined,
    default: schema.default,
  };
}

function typesOf(schema: Schema, values: readonly unknown[] | undefined): string[] {
  const { type } = schema;
  if (typeof type === 'string') return [type];
  if (Array.isArray(type)) return type.filter((one) => typeof one === 'string');
  if (values !== undefined) return unique(values.map(typeOfValue));
  if (isSchema(schema.properties)) return ['object'];
  return 'items' in schema ? ['array'] : [];
}

function typeOfValue(value: unknown): string {
  if (value === null) return 'null';
  return Array.isArray(value) ? 'array' : typeof value;
}

/** A value that fits both. */
function both(a: Shape, b: Shape): Shape {
  return {
    types: unique([...a.types, ...b.types]),
    members: joined(a.members, b.members, (one, other) => ({
      schema: combined('allOf', one, other),
      required: one?.required === true || other?.required === true,
    })),
    items: a.items ?? b.items,
    values: a.values ?? b.values,
    description: a.description ?? b.description,
    default: a.default ?? b.default,
  };
}

/** A value that fits one of the two. */
function either(a: Shape, b: Shape): Shape {
  const bothAreObjects = a.members.size > 0 && b.members.size > 0;
  return {
    types: unique([a, b].flatMap(({ types }) => (types.length === 0 ? ['any'] : types))),
    members: joined(a.members, b.members, (one, other) => ({
      schema: combined('anyOf', one, other),
      required: bothAreObjects
        ? one?.required === true && other?.required === true
        : (one ?? other)?.required === true,
    })),
    items: a.items ?? b.items,
    values: a.values === undefined || b.values === undefined ? undefined : [...a.values, ...b.values],
    description: a.description ?? b.description,
    default: a.default ?? b.default,
  };
}

function joined(
  a: Shape['members'],
  b: Shape['members'],
  join: (one: SchemaMember | undefined, other: SchemaMember | undefined) => SchemaMember,
): Map<string, SchemaMember> {
  return new Map(unique([...a.keys(), ...b.keys()]).map((name) => [name, join(a.get(name), b.get(name))]));
}

function combined(
  keyword: 'allOf' | 'anyOf',
  one: SchemaMember | undefined,
  other: SchemaMember | undefined,
): unknown {
  if (one === undefined || other === undefined) return (one ?? other)?.schema;
  return one.schema === other.schema ? one.schema : { [keyword]: [one.schema, other.schema] };
}

function unique<T>(values: readonly T[]): T[] {
  return [...new Set(values)];
}
