import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { HttpError } from '../errors.js';
import { parseRoute, type Route } from './route.js';
import { RouteTable } from './route-table.js';

let triggers = 0;

function route(spelling: string, id = `t${triggers++}`): Route {
  const [method, apiPath = ''] = spelling.split(' ');
  const config = { http_method: method, api_path: apiPath };
  return parseRoute({ id, function_id: `f::${id}`, config }, 'default');
}

function tableOf(...spellings: string[]): RouteTable {
  const table = new RouteTable();
  for (const spelling of spellings) table.put(route(spelling));
  return table;
}

/** The path of the route that serves a request and its parameters; the methods there are; or nothing. */
function find(table: RouteTable, request: string): unknown {
  const [method = '', path = ''] = request.split(' ');
  const lookup = table.find(method, path);
  if (lookup.found === 'methods') return lookup.allow.join(',');
  return lookup.found === 'route' ? [lookup.route.apiPath, { ...lookup.pathParams }] : undefined;
}

function idAt(table: RouteTable, request: string): string | undefined {
  const [method = '', path = ''] = request.split(' ');
  const lookup = table.find(method, path);
  return lookup.found === 'route' ? lookup.route.id : undefined;
}

describe('precedence (worker-http.md §3.3)', () => {
  it.each([
    [['GET /users/:id', 'GET /users/me'], 'GET /users/me', ['/users/me', {}]],
    [['GET /users/:id', 'GET /users/me'], 'GET /users/mexico', ['/users/:id', { id: 'mexico' }]],
    [['GET /x/:a/y', 'GET /x/z/:b'], 'GET /x/z/y', ['/x/z/:b', { b: 'y' }]],
    [['GET /x/:a/y', 'GET /x/z/q'], 'GET /x/z/y', ['/x/:a/y', { a: 'z' }]],
    [['GET /f/{*r}', 'GET /f/b'], 'GET /f/b/c', ['/f/{*r}', { r: 'b/c' }]],
    [['GET /f/{*r}', 'GET /f/:b/c'], 'GET /f/b/c', ['/f/:b/c', { b: 'b' }]],
    [['GET /f/{*r}', 'POST /f/:b'], 'GET /f/b', ['/f/{*r}', { r: 'b' }]],
    [['GET /f/{*r}', 'POST /f/:b'], 'POST /f/b', ['/f/:b', { b: 'b' }]],
    [['POST /users/me', 'GET /users/:id'], 'GET /users/me', ['/users/:id', { id: 'me' }]],
    [['GET /:a/:a'], 'GET /1/2', ['/:a/:a', { a: '2' }]],
  ])(
    'with %j, %s goes where it should, in whatever order they were registered',
    (routes, request, expected) => {
      expect(find(tableOf(...routes), request)).toEqual(expected);
      expect(find(tableOf(...routes.toReversed()), request)).toEqual(expected);
    },
  );
});

describe('raw matching (§3.2)', () => {
  it.each([
    ['GET /a', 'GET /a/', undefined],
    ['GET /a/', 'GET /a', undefined],
    ['GET /a', 'GET //a', undefined],
    ['GET //a', 'GET //a', ['//a', {}]],
    ['GET a', 'GET /a', ['a', {}]],
    ['GET /a', 'GET /%61', undefined],
    ['GET /a', 'GET /A', undefined],
    ['GET /a', 'GET /b/../a', undefined],
    ['GET /a', 'GET /a;x=1', undefined],
    ['GET /café', 'GET /caf%C3%A9', undefined],
    ['GET /café', 'GET /cafÃ©', ['/café', {}]],
    ['GET /u/:id', 'GET /u/', undefined],
    ['GET /u/:id', 'GET /u/a%2Fb', ['/u/:id', { id: 'a%2Fb' }]],
    ['GET /u/:id', 'GET /u/Ã©', ['/u/:id', { id: 'é' }]],
    ['GET /v/{id}', 'GET /v/1', ['/v/{id}', { id: '1' }]],
    ['GET /{{a}}', 'GET /{a}', ['/{{a}}', {}]],
  ])('with %s, %s finds %j', (registered, request, expected) => {
    expect(find(tableOf(registered), request)).toEqual(expected);
  });
});

describe('methods (§4)', () => {
  const table = tableOf('GET /a', 'POST /a', 'POST /b', 'HEAD /c', 'GET /c', 'DELETE /:any', 'OPTIONS /o');

  it.each([
    ['PUT /a', 'DELETE,GET,HEAD,POST'],
    ['GET /b', 'DELETE,POST'],
    ['FOO /a', 'DELETE,GET,HEAD,POST'],
    ['get /a', 'DELETE,GET,HEAD,POST'],
    ['GET /x/y', undefined],
    ['HEAD /a', ['/a', {}]],
    ['DELETE /a', ['/:any', { any: 'a' }]],
    ['OPTIONS /o', ['/o', {}]],
    ['OPTIONS /a', 'DELETE,GET,HEAD,POST'],
  ])('%s finds %j', (request, expected) => {
    expect(find(table, request)).toEqual(expected);
  });

  it('a HEAD route serves HEAD before the GET route of the same path', () => {
    const lookup = table.find('HEAD', '/c');
    expect(lookup.found === 'route' && lookup.route.method).toBe('HEAD');
  });
});

describe('conflicts (§3.4)', () => {
  it.each([
    ['GET /a/:x', 'GET /a/:y'],
    ['GET /s/:l/:u', 'GET /s/:u/:l'],
    ['GET /a/:id', 'GET /a/{id}'],
    ['GET /f/{*r}', 'GET /f/:b'],
    ['GET /f/:b', 'GET /f/{*r}'],
    ['GET /f/{*r}', 'GET /f/{*s}'],
    ['GET /', 'GET '],
    ['GET ', 'GET /'],
  ])('%s keeps %s out, and goes on serving', (first, second) => {
    const table = new RouteTable();
    table.put(route(first, 'first'));
    const text = (spelling: string) => `'${spelling}'`;
    expect(() => table.put(route(second, 'second'))).toThrow(
      `Route ${text(second)} conflicts with already-registered route ${text(first)}: spell the parameters`,
    );
    expect(() => table.put(route(second, 'second'))).toThrow(HttpError);
    expect([...table.ids()]).toEqual(['first']);
    table.remove('first');
    table.put(route(second, 'second'));
    expect(table.size).toBe(1);
  });

  it.each([
    ['GET /u/:id', 'POST /u/:uid'],
    ['GET /a/:id', 'GET /a/:other/sub'],
    ['GET /f/{*r}', 'GET /f/:b/c'],
    ['GET /f/{*r}', 'POST /f/:b'],
    ['GET /a/:x', 'GET /a/x'],
    ['GET /a', 'GET //a'],
    ['GET /a', 'GET /a/'],
  ])('%s and %s are both served', (first, second) => {
    expect(tableOf(first, second).size).toBe(2);
  });

  it('gives each method its own names for the same parameter', () => {
    const table = tableOf('GET /u/:id', 'POST /u/:uid');
    expect(find(table, 'GET /u/1')).toEqual(['/u/:id', { id: '1' }]);
    expect(find(table, 'POST /u/1')).toEqual(['/u/:uid', { uid: '1' }]);
  });
});

describe('owners (§3.5, §20.4)', () => {
  it('the newest of two serves; whichever leaves first, the other one does then', () => {
    for (const leaving of ['old', 'new']) {
      const table = new RouteTable();
      table.put(route('GET /a/:b', 'old'));
      table.put(route('GET a/:b', 'new'));
      expect(idAt(table, 'GET /a/1')).toBe('new');
      table.remove(leaving);
      expect(idAt(table, 'GET /a/1')).toBe(leaving === 'old' ? 'new' : 'old');
      table.remove(leaving === 'old' ? 'new' : 'old');
      expect(find(table, 'GET /a/1')).toBeUndefined();
      expect(table.size).toBe(0);
    }
  });

  it('the owner in the middle of three can leave', () => {
    const table = new RouteTable();
    for (const id of ['1', '2', '3']) table.put(route('GET /a', id));
    table.remove('2');
    table.remove('3');
    expect(idAt(table, 'GET /a')).toBe('1');
  });

  it('the same trigger with another path moves', () => {
    const table = new RouteTable();
    table.put(route('GET /a', 'one'));
    table.put(route('GET /b', 'one'));
    expect(idAt(table, 'GET /a')).toBeUndefined();
    expect(idAt(table, 'GET /b')).toBe('one');
    table.put(route('POST /b', 'one'));
    expect(find(table, 'GET /b')).toBe('POST');
    expect(table.size).toBe(1);
  });

  it('the same trigger with a path that is refused has none', () => {
    const table = tableOf('GET /a/:x');
    table.put(route('GET /b', 'one'));
    expect(() => table.put(route('GET /a/:y', 'one'))).toThrow('conflicts');
    expect(idAt(table, 'GET /b')).toBeUndefined();
    expect(table.size).toBe(1);
  });

  it('the same trigger again keeps its place behind newer owners', () => {
    const table = new RouteTable();
    table.put(route('GET /a', 'old'));
    table.put(route('GET /a', 'new'));
    const again = route('GET /a', 'old');
    table.put(again);
    expect(idAt(table, 'GET /a')).toBe('new');
    table.remove('new');
    const lookup = table.find('GET', '/a');
    expect(lookup.found === 'route' && lookup.route).toBe(again);
  });

  it('a trigger may take the place of its own former shape', () => {
    const table = new RouteTable();
    table.put(route('GET /a/:x', 'one'));
    table.put(route('GET /a/:y', 'one'));
    expect(find(table, 'GET /a/1')).toEqual(['/a/:y', { y: '1' }]);
  });

  it('removing what is not there does nothing', () => {
    const table = tableOf('GET /a');
    table.remove('nobody');
    expect(table.size).toBe(1);
  });
});

describe('parameters', () => {
  it('cannot reach the prototype of anything', () => {
    const lookup = tableOf('GET /:__proto__/:constructor').find('GET', '/x/y');
    if (lookup.found !== 'route') throw new Error('not found');
    expect(Object.getPrototypeOf(lookup.pathParams)).toBeNull();
    expect(Object.entries(lookup.pathParams)).toEqual([
      ['__proto__', 'x'],
      ['constructor', 'y'],
    ]);
  });
});

describe('a table and the newest of a list', () => {
  it('agree after any sequence of registrations and removals', () => {
    const ids = fc.constantFrom('1', '2', '3', '4');
    const spellings = ['GET /a', 'POST /a', 'GET /a/:x', 'GET /:y', 'GET /a/{*r}', 'GET b', 'GET /b'];
    const change = fc.record({
      id: ids,
      spelling: fc.option(fc.constantFrom(...spellings), { nil: undefined }),
    });
    fc.assert(
      fc.property(fc.array(change, { maxLength: 60 }), (changes) => {
        const table = new RouteTable();
        /** Newest last. */
        let model: Route[] = [];
        const clashes = (a: Route, b: Route) =>
          a.method === b.method && /^\/a\/[:{]/.test(a.pattern.text) && a.pattern.text !== b.pattern.text;
        for (const { id, spelling } of changes) {
          const made = spelling === undefined ? undefined : route(spelling, id);
          const before = model.findIndex((known) => known.id === id);
          const isSame =
            made !== undefined &&
            before >= 0 &&
            model[before]?.pattern.text === made.pattern.text &&
            model[before]?.method === made.method;
          if (made === undefined) table.remove(id);
          else if (isSame) table.put(made);
          if (isSame) {
            model[before] = made;
          } else {
            model = model.filter((known) => known.id !== id);
            if (made !== undefined) {
              const refused = model.some(
                (other) => clashes(made, other) && /^\/a\/[:{]/.test(other.pattern.text),
              );
              if (refused) expect(() => table.put(made)).toThrow('conflicts');
              else {
                table.put(made);
                model.push(made);
              }
            }
          }
          expect(table.size).toBe(model.length);
          for (const known of model) {
            const owners = model.filter(
              (other) => other.method === known.method && other.pattern.text === known.pattern.text,
            );
            const path = known.pattern.text.replace(/:x|\{\*r\}|:y/, 'z');
            expect(idAt(table, `${known.method} ${path}`)).toBe(owners.at(-1)?.id);
          }
        }
      }),
      { numRuns: 300 },
    );
  });
});
