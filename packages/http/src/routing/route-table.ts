import { HttpError } from '../errors.js';
import { textOfBytes } from '../request/byte-text.js';
import type { Segment } from './pattern.js';
import type { Method, Route } from './route.js';
import { Trie } from './trie.js';

/** What the parameters of a path stand for, not decoded. Has no prototype. */
export type PathParams = Readonly<Record<string, string>>;

export type Lookup =
  | { readonly found: 'route'; readonly route: Route; readonly pathParams: PathParams }
  /** The path has routes for these methods only. Sorted. */
  | { readonly found: 'methods'; readonly allow: readonly string[] }
  | { readonly found: 'nothing' };

/** Routes of one method and path. The newest serves; those before it stand by (spec/worker-http.md §20.4). */
interface Owners {
  /** How the path is spelled; routes of another spelling are refused. */
  readonly identity: string;
  /** Oldest first, never empty. */
  readonly stack: Route[];
}

type Endpoints = Map<Method, Owners>;

const NOTHING = { found: 'nothing' } as Lookup;

/** The routes that are registered, by trigger and by path (§3.4, §3.5). */
export class RouteTable {
  readonly #routes = new Map<string, Route>();
  readonly #trie = new Trie<Endpoints>();

  get size(): number {
    return this.#routes.size;
  }

  ids(): IterableIterator<string> {
    return this.#routes.keys();
  }

  /**
   * Adds a route, or replaces the one of the same trigger, which keeps its place among the owners of its path.
   * When it is refused, the trigger has no route any more.
   *
   * @throws HttpError `route_conflict`.
   */
  put(route: Route): void {
    const previous = this.#routes.get(route.id);
    if (previous !== undefined && sameEndpoint(previous, route)) {
      const stack = this.#ownersOf(previous)?.stack ?? [];
      stack[stack.indexOf(previous)] = route;
      this.#routes.set(route.id, route);
      return;
    }
    this.remove(route.id);
    this.#refuseConflict(route);
    const { segments } = route.pattern;
    const endpoints: Endpoints = this.#trie.get(segments) ?? new Map();
    const owners = endpoints.get(route.method);
    if (owners === undefined) endpoints.set(route.method, { identity: identityOf(route), stack: [route] });
    else owners.stack.push(route);
    this.#trie.set(segments, endpoints);
    this.#routes.set(route.id, route);
  }

  remove(id: string): void {
    const route = this.#routes.get(id);
    const { segments } = route?.pattern ?? {};
    const endpoints = segments && this.#trie.get(segments);
    const owners = route && endpoints?.get(route.method);
    if (route === undefined || segments === undefined || endpoints === undefined || owners === undefined)
      return;
    this.#routes.delete(id);
    owners.stack.splice(owners.stack.indexOf(route), 1);
    if (owners.stack.length > 0) return;
    endpoints.delete(route.method);
    if (endpoints.size === 0) this.#trie.delete(segments);
  }

  /**
   * The route that serves a request: the most specific one that has the method, so that `GET /users/me` reaches
   * `/users/:id` when only `POST /users/me` is more specific. A GET route serves HEAD where there is no other.
   */
  find(method: string, path: string): Lookup {
    let found = NOTHING;
    let methods: Set<string> | undefined;
    this.#trie.match(path, (endpoints, captured) => {
      const route = servedBy(endpoints, method);
      if (route === undefined) {
        methods ??= new Set();
        for (const other of endpoints.keys()) methods.add(other);
        return false;
      }
      found = { found: 'route', route, pathParams: pathParams(route, captured) };
      return true;
    });
    if (found.found === 'route' || methods === undefined) return found;
    if (methods.has('GET')) methods.add('HEAD');
    return { found: 'methods', allow: [...methods].sort() };
  }

  /** §3.4: what matches the same requests must be spelled the same. */
  #refuseConflict(route: Route): void {
    const { segments } = route.pattern;
    for (const shape of [segments, siblingShape(segments)]) {
      const owners = this.#trie.get(shape)?.get(route.method);
      const [existing] = owners?.stack ?? [];
      if (existing === undefined || owners?.identity === identityOf(route)) continue;
      const { method } = route;
      throw new HttpError(
        'route_conflict',
        `Route '${method} ${route.apiPath}' conflicts with already-registered route '${method} ${existing.apiPath}'`,
      );
    }
  }

  #ownersOf(route: Route): Owners | undefined {
    return this.#trie.get(route.pattern.segments)?.get(route.method);
  }
}

function servedBy(endpoints: Endpoints, method: string): Route | undefined {
  // A method that is not known finds nothing.
  const owners = endpoints.get(method as Method) ?? (method === 'HEAD' ? endpoints.get('GET') : undefined);
  return owners?.stack.at(-1);
}

/** `x` and `/x` are one path; the empty path and `/` are spelled differently (§3.4). */
function identityOf(route: Route): string {
  return route.apiPath === '' ? '' : route.pattern.text;
}

function sameEndpoint(a: Route, b: Route): boolean {
  return a.method === b.method && identityOf(a) === identityOf(b);
}

/** The pattern with `{*rest}` for its last parameter, or the other way round: they overlap. */
function siblingShape(segments: readonly Segment[]): readonly Segment[] {
  const last = segments.at(-1);
  if (last === undefined || last.kind === 'literal') return segments;
  return [...segments.slice(0, -1), { kind: last.kind === 'rest' ? 'param' : 'rest' }];
}

function pathParams(route: Route, captured: readonly string[]): PathParams {
  const params: Record<string, string> = Object.create(null);
  route.pattern.names.forEach((name, index) => {
    params[name] = textOfBytes(captured[index] ?? '');
  });
  return params;
}
