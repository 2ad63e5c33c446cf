import http from 'node:http';
import { type OfficialClient, registerOfficial } from './official.js';
import { type Draw, numbers } from './random.js';

/** Requests in flight at any time. */
const CALLERS = 16;
/** Registrations between two looks at the engine. */
const BATCH = 40;
const SHAPES = 4;

export interface RouteChurnOptions {
  readonly url: string;
  readonly httpUrl: string;
  /** Routes to register, of which half are removed again. */
  readonly routes: number;
  readonly seed: number;
  readonly progress?: (line: string) => void;
}

export interface RouteChurnReport {
  readonly requests: number;
  readonly seconds: number;
  readonly registered: number;
  readonly removed: number;
  /** How often each status came. */
  readonly statuses: ReadonlyMap<number, number>;
  /** Answers that no order of events explains; should be none. */
  readonly wrong: readonly string[];
}

/** When a route came and went. Between a call and its known effect, either may be seen. */
interface Life {
  registering: number;
  registered: number;
  removing: number;
  removed: number;
}

interface Churned {
  readonly id: number;
  readonly path: string;
  /** A path that leads to it when nothing more specific does. */
  readonly target: string;
  readonly life: Life;
  unregister: () => void;
}

/** Routes that come and go, and what a request for one of them may be answered. */
class Routes {
  readonly all: readonly Churned[];

  constructor(count: number) {
    this.all = Array.from({ length: count }, (_, id): Churned => {
      const group = `/churn${Math.floor(id / SHAPES)}`;
      const [path = '', target = ''] =
        [
          [group, group],
          [`${group}/fixed`, `${group}/fixed`],
          [`${group}/:id`, `${group}/some`],
          [`${group}/deep/{*rest}`, `${group}/deep/er/down`],
        ][id % SHAPES] ?? [];
      const life = { registering: Infinity, registered: Infinity, removing: Infinity, removed: Infinity };
      return { id, path, target, life, unregister: () => {} };
    });
  }

  /** Ids that may have answered a request for the route; undefined among them: 404 is right as well. */
  expected(route: Churned, began: number, ended: number): Set<number | undefined> {
    // The fixed path of a group is also one that its parameter matches.
    const parameter = route.id % SHAPES === 1 ? this.all[route.id + 1] : undefined;
    const ids = new Set<number | undefined>();
    for (const { id, life } of parameter === undefined ? [route] : [route, parameter]) {
      if (life.registering > ended || life.removed <= began) continue;
      ids.add(id);
      if (life.registered <= began && life.removing > ended) return ids;
    }
    return ids.add(undefined);
  }
}

/** Registers routes and removes half of them while requests run, and checks every answer. */
export async function routeChurn(options: RouteChurnOptions): Promise<RouteChurnReport> {
  const { url, httpUrl, seed, progress } = options;
  const routes = new Routes(options.routes);
  const owners = Array.from({ length: 4 }, (_, n) => registerOfficial(url, `routes-${n}`));
  const agent = new http.Agent({ keepAlive: true, maxSockets: CALLERS });
  const statuses = new Map<number, number>();
  const wrong: string[] = [];
  const began = performance.now();
  let requests = 0;
  let isOver = false;

  const call = async (draw: Draw) => {
    while (!isOver) {
      const route = routes.all[draw(routes.all.length)];
      if (route === undefined) return;
      const from = performance.now();
      const { status, text } = await get(agent, httpUrl + route.target);
      requests++;
      statuses.set(status, (statuses.get(status) ?? 0) + 1);
      const id = status === 200 ? (JSON.parse(text) as { id: number }).id : undefined;
      const expected = routes.expected(route, from, performance.now());
      if ((status === 200 || status === 404) && expected.has(id)) continue;
      wrong.push(
        `${route.target} (${route.id}): ${status} ${text.slice(0, 200)}, not ${[...expected].join()}`,
      );
    }
  };

  /** Changes come no faster than requests. */
  const answered = async (more: number) => {
    const due = requests + more;
    while (requests < due) await new Promise((resolve) => setTimeout(resolve, 1));
  };

  let registered = 0;
  let removed = 0;
  try {
    const traffic = Array.from({ length: CALLERS }, (_, n) => call(numbers(seed + n)));
    const removals: Churned[][] = [];
    for (let at = 0; at < routes.all.length; at += BATCH) {
      const batch = routes.all.slice(at, at + BATCH);
      await answered(BATCH);
      registered += await register(batch, owners);
      // Every other shape of a group goes again, the one half while later groups still come.
      removals.push(batch.filter(({ id }) => id % SHAPES < 2));
      if (at >= routes.all.length / 2) removed += await remove(removals.shift() ?? [], owners);
      if (registered % 400 === 0)
        progress?.(`${registered} registered, ${removed} removed, ${requests} requests`);
    }
    for (const batch of removals) {
      await answered(BATCH);
      removed += await remove(batch, owners);
    }
    // What is known by now must hold for a while.
    await answered(2_000);
    isOver = true;
    await Promise.all(traffic);
  } finally {
    isOver = true;
    agent.destroy();
    await Promise.all(owners.map((owner) => owner.shutdown()));
  }
  const seconds = (performance.now() - began) / 1_000;
  return { requests, seconds, registered, removed, statuses, wrong };
}

async function register(batch: readonly Churned[], owners: readonly OfficialClient[]): Promise<number> {
  for (const route of batch) {
    const owner = ownerOf(route, owners);
    const function_id = `churn::${route.id}`;
    owner.registerFunction(function_id, async () => ({ body: { id: route.id } }));
    route.life.registering = performance.now();
    const trigger = owner.registerTrigger({ type: 'http', function_id, config: { api_path: route.path } });
    route.unregister = () => trigger.unregister();
  }
  const known = await told(owners);
  for (const { life } of batch) life.registered = known;
  return batch.length;
}

async function remove(batch: readonly Churned[], owners: readonly OfficialClient[]): Promise<number> {
  for (const { life, unregister } of batch) {
    life.removing = performance.now();
    unregister();
  }
  const known = await told(owners);
  for (const { life } of batch) life.removed = known;
  return batch.length;
}

function ownerOf({ id }: Churned, owners: readonly OfficialClient[]): OfficialClient {
  const owner = owners[id % owners.length];
  if (owner === undefined) throw new Error('there is no owner');
  return owner;
}

/** The time at which everything the owners have said is known: what one connection sends is handled in order. */
async function told(owners: readonly OfficialClient[]): Promise<number> {
  const ask = { function_id: 'engine::triggers::list', payload: {} };
  await Promise.all(owners.map((owner) => owner.trigger(ask)));
  return performance.now();
}

function get(agent: http.Agent, url: string): Promise<{ status: number; text: string }> {
  return new Promise((resolve, reject) => {
    const request = http.get(url, { agent }, (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('end', () =>
        resolve({ status: response.statusCode ?? 0, text: Buffer.concat(chunks).toString() }),
      );
      response.on('error', reject);
    });
    request.on('error', reject);
  });
}
