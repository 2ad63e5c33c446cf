import { type TSchema, Type } from 'iii-protocol/schema';
import { describe, expect, it } from 'vitest';
import { MOST_PARAMETERS, parametersOf } from './parameters.js';

/** Rows as `name type required|optional description`. */
function rows(schema: unknown): string[] {
  return parametersOf(schema).map(({ name, type, required, description }) =>
    [name, type, required ? 'required' : 'optional', description].join(' ').trim(),
  );
}

/** The row of one parameter `a` with this schema. */
const ofMember = (schema: unknown) => rows({ type: 'object', properties: { a: schema } })[0];

describe('parameters of a schema', () => {
  it('are its members in their order', () => {
    const schema = Type.Object({
      b: Type.Number({ description: 'the first' }),
      a: Type.Optional(Type.String()),
      c: Type.Array(Type.Integer()),
    });
    expect(rows(schema)).toEqual(['b number required the first', 'a string optional', 'c array required']);
  });

  it.each<[string, unknown, string]>([
    ['several types', { type: ['string', 'null'] }, 'a string|null optional'],
    ['no type', {}, 'a any optional'],
    ['true', true, 'a any optional'],
    ['alternatives', { anyOf: [{ type: 'string' }, { type: 'null' }] }, 'a string|null optional'],
    [
      'alternatives of one',
      { oneOf: [{ type: 'string' }, { type: 'integer' }, {}] },
      'a string|integer|any optional',
    ],
    ['the same type twice', { anyOf: [{ type: 'string' }, { type: 'string' }] }, 'a string optional'],
    ['values', { enum: ['x', 'y'] }, 'a string optional One of "x", "y".'],
    [
      'values of several types',
      { enum: [1, null, [], {}, true] },
      'a number|null|array|object|boolean optional One of 1, null, [], {}, true.',
    ],
    ['one value', { const: 'x', description: 'Fixed.' }, 'a string optional Fixed. One of "x".'],
    ['literals', Type.Union([Type.Literal('x'), Type.Literal('y')]), 'a string optional One of "x", "y".'],
    ['a default', { type: 'integer', default: 10 }, 'a integer optional Default: 10.'],
    ['members without a type', { properties: {} }, 'a object optional'],
    ['elements without a type', { items: {} }, 'a array optional'],
    ['only null', { type: 'null' }, 'a null optional'],
    ['nonsense', { type: 7, required: 'a', properties: [], enum: {}, items: 3 }, 'a array optional'],
  ])('%s', (_, schema, expected) => {
    expect(ofMember(schema)).toBe(expected);
  });

  it('follow references, and a description beside the reference wins', () => {
    const schema = {
      properties: {
        user: { $ref: '#/$defs/User', description: 'who' },
        odd: { $ref: '#/definitions/a~1b~0c' },
        elsewhere: { $ref: 'https://example.com/schemas/Address' },
        missing: { $ref: '#/$defs/Gone' },
      },
      $defs: {
        User: {
          type: 'object',
          description: 'a user',
          required: ['id'],
          properties: { id: { type: 'string' } },
        },
      },
      definitions: { 'a/b~c': { type: 'boolean' } },
    };
    expect(rows(schema)).toEqual([
      'user object optional who',
      'user.id string required',
      'odd boolean optional',
      'elsewhere Address optional',
      'missing Gone optional',
    ]);
  });

  it('of a schema that is a reference itself, as some generators write it', () => {
    const schema = {
      $ref: '#/definitions/Input',
      definitions: { Input: { type: 'object', properties: { a: { type: 'number' } }, required: ['a'] } },
    };
    expect(rows(schema)).toEqual(['a number required']);
  });

  it('are shown two levels deep, through arrays and alternatives', () => {
    const nest = (inner: TSchema) => Type.Object({ in: inner });
    const schema = Type.Object({
      deep: nest(nest(nest(nest(Type.Number())))),
      lines: Type.Array(Type.Object({ sku: Type.String() })),
      maybe: Type.Union([Type.Object({ x: Type.Number() }), Type.Null()]),
    });
    expect(rows(schema)).toEqual([
      'deep object required',
      'deep.in object required',
      'deep.in.in object required',
      'lines array required',
      'lines[].sku string required',
      'maybe object|null required',
      'maybe.x number required',
    ]);
  });

  it('of a combination are those of its parts', () => {
    const schema = {
      allOf: [
        { properties: { a: { type: 'string' }, b: { type: 'number' } }, required: ['a'] },
        { properties: { b: { description: 'both' } }, required: ['b'] },
      ],
    };
    expect(rows(schema)).toEqual(['a string required', 'b number required both']);
  });

  it('of alternatives are required when every alternative requires them', () => {
    const kind = (name: string, more: object) => ({
      type: 'object',
      properties: { kind: { const: name }, ...more },
      required: ['kind', ...Object.keys(more)],
    });
    const schema = { oneOf: [kind('circle', { r: { type: 'number' } }), kind('dot', {})] };
    expect(rows(schema)).toEqual(['kind string required One of "circle", "dot".', 'r number optional']);
  });

  it('of a payload that is no object', () => {
    expect(rows({ type: 'string', description: 'who to greet' })).toEqual([
      '(payload) string required who to greet',
    ]);
    const lines = { type: 'array', items: { properties: { sku: { type: 'string' } } } };
    expect(rows(lines)).toEqual(['(payload) array required', '[].sku string optional']);
  });

  it.each([[{}], [{ type: 'object' }], [true], [null], ['text'], [[]]])('are none in %j', (schema) => {
    expect(rows(schema)).toEqual([]);
  });

  it('end somewhere in a schema that contains itself', () => {
    const tree = Type.Recursive((This) => Type.Object({ v: Type.Number(), kids: Type.Array(This) }));
    expect(rows(tree)).toEqual([
      'v number required',
      'kids array required',
      'kids[].v number required',
      'kids[].kids array required',
      'kids[].kids[].v number required',
      'kids[].kids[].kids array required',
    ]);
    const circle = { $defs: { a: { $ref: '#/$defs/b' }, b: { allOf: [{ $ref: '#/$defs/a' }] } } };
    expect(rows({ ...circle, properties: { x: { $ref: '#/$defs/a' } } })).toEqual(['x any optional']);
    expect(rows({ $ref: '#' })).toEqual([]);
  });

  it('are cut off where nobody reads on, however many a schema unfolds to', () => {
    const names = Array.from({ length: 1_000 }, (_, i) => `m${i}`);
    const schema = {
      $ref: '#/$defs/wide',
      $defs: {
        wide: { properties: Object.fromEntries(names.map((name) => [name, { $ref: '#/$defs/wide' }])) },
      },
    };
    expect(parametersOf(schema)).toHaveLength(MOST_PARAMETERS);
  });

  it('are read in time proportional to a schema that doubles with every reference', () => {
    const double = (to: string) => ({ allOf: [{ $ref: `#/$defs/${to}` }, { $ref: `#/$defs/${to}` }] });
    const $defs: Record<string, unknown> = { d0: { type: 'string' } };
    for (let i = 1; i <= 60; i++) $defs[`d${i}`] = double(`d${i - 1}`);
    expect(rows({ properties: { a: { $ref: '#/$defs/d60' } }, $defs })).toEqual(['a string optional']);
  });
});
