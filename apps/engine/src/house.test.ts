import { once } from 'node:events';
import net from 'node:net';
import { Type } from 'iii-protocol/schema';
import { type IIIClient, registerWorker } from 'iii-sdk';
import { defineWorker } from 'iii-worker';
import { describe, expect, it, vi } from 'vitest';
import { planFrom } from './config/plan.js';
import { House } from './house.js';
import { ask, freePorts, LogBook, Squatter, TestHouse } from './test-support.js';

for (const level of ['debug', 'error', 'warn'] as const)
  vi.spyOn(console, level).mockImplementation(() => {});

const HEALTH = 'health: { port: 0 }\n';
const yaml = (...entries: string[]) =>
  `${HEALTH}workers:\n${entries.map((entry) => `  - ${entry}\n`).join('')}`;
const manager = (port: number, more = '') => `{ name: iii-worker-manager, config: { port: ${port}${more} } }`;
const httpOn = (port: number, more = '') => `{ name: iii-http, config: { port: ${port}${more} } }`;

/** A worker on a socket, with a function that takes as long as it is told to. */
async function guestOn(port: number) {
  const client: IIIClient = registerWorker(`ws://127.0.0.1:${port}`, { workerName: 'guest' });
  let begun: () => void = () => {};
  let end: (value: string) => void = () => {};
  const running = new Promise<void>((resolve) => (begun = resolve));
  client.registerFunction('guest::slow', () => {
    begun();
    return new Promise((resolve) => (end = resolve));
  });
  await client.ready();
  const answer = client.trigger({ function_id: 'guest::slow' });
  await running;
  // Whoever loses its connection meanwhile gets an error instead.
  const finish = () => {
    end('same session');
    return answer;
  };
  return { client, finish };
}

const addressOf = ({ house }: TestHouse, worker: string) =>
  house.endpoints.find((endpoint) => endpoint.worker === worker)?.address ?? 'not running';
const listening = ({ house }: TestHouse) => house.listeners.map(({ port }) => port);
const isRefused = async (port: number) => {
  const socket = net.connect(port, '127.0.0.1');
  const [error] = (await Promise.race([once(socket, 'error'), once(socket, 'connect')])) as [Error?];
  socket.destroy();
  return error !== undefined;
};
const reasonsOf = async (bed: TestHouse) => {
  const { status, text } = await bed.ready();
  expect(status).toBe(503);
  return (JSON.parse(text) as { reasons: string[] }).reasons;
};

describe('a changed configuration', () => {
  it('leaves a session on an unchanged port alone while another port moves', async () => {
    const [stays = 0, leaves = 0, next = 0] = await freePorts(3);
    await using bed = await TestHouse.start(yaml(manager(stays), manager(leaves)));
    const guest = await guestOn(stays);
    await bed.save(yaml(manager(stays), manager(next)));
    expect(listening(bed)).toEqual([stays, next]);
    expect([await isRefused(leaves), await isRefused(next)]).toEqual([true, false]);
    expect(await guest.finish()).toBe('same session');
    await guest.client.shutdown();
    expect(bed.log.of('info')).toContain('reload: diff +0 added, -0 removed, ~1 changed, =1 unchanged');
    expect(bed.log.of('info')).toContainEqual(
      expect.stringMatching(`^workers on ws://127.0.0.1:${next} \\(driver `),
    );
    expect(bed.log.of('info').at(-1)).toBe('reload: success');
  });

  it('that differs in order and comments alone changes nothing', async () => {
    const [one = 0, two = 0] = await freePorts(2);
    await using bed = await TestHouse.start(yaml(manager(one), manager(two), httpOn(0)));
    const before = addressOf(bed, 'iii-http');
    const guests = [await guestOn(one), await guestOn(two)];
    await bed.save(`# hello\n${yaml(httpOn(0), manager(two), manager(one))}`);
    for (const guest of guests) {
      expect(await guest.finish()).toBe('same session');
      await guest.client.shutdown();
    }
    expect(addressOf(bed, 'iii-http')).toBe(before);
    expect(bed.log.of('info')).toContain('reload: diff +0 added, -0 removed, ~0 changed, =3 unchanged');
  });

  it('reaches the HTTP worker on the connections it has', async () => {
    await using bed = await TestHouse.start(yaml(manager(0), httpOn(0)));
    const [host, port] = addressOf(bed, 'iii-http').split(':');
    const socket = net.connect(Number(port), host);
    const get = async () => {
      socket.write('GET / HTTP/1.1\r\nHost: x\r\nOrigin: http://ok.com\r\n\r\n');
      return String((await once(socket, 'data'))[0]);
    };
    expect(await get()).toContain('access-control-allow-origin: *');
    await bed.save(yaml(manager(0), httpOn(0, ', cors: { allowed_origins: [http://ok.com] }')));
    expect(await get()).toContain('access-control-allow-origin: http://ok.com');
    expect(bed.log.of('info').at(-1)).toBe('reload: success');
    socket.destroy();
  });

  it('adds and removes workers and ports', async () => {
    const [one = 0, two = 0] = await freePorts(2);
    await using bed = await TestHouse.start(yaml(manager(one)));
    await bed.save(yaml(manager(one), manager(two), httpOn(0)));
    expect(listening(bed)).toEqual([one, two]);
    const http = addressOf(bed, 'iii-http');
    expect((await ask(http, '/')).status).toBe(404);
    await bed.save(yaml(manager(two)));
    expect(listening(bed)).toEqual([two]);
    expect(await isRefused(one)).toBe(true);
    await expect(ask(http, '/')).rejects.toMatchObject({ code: 'ECONNREFUSED' });
    expect(bed.log.of('info')).toContain('reload: diff +0 added, -2 removed, ~0 changed, =1 unchanged');
    expect((await bed.ready()).status).toBe(200);
  });

  it('may hand a port on, from one that moves to one that follows, and from one that goes', async () => {
    const [one = 0, two = 0, three = 0] = await freePorts(3);
    const names = (a: number, b: number) => [
      `{ name: 'iii-worker-manager#a', config: { port: ${a} } }`,
      `{ name: 'iii-worker-manager#b', config: { port: ${b} } }`,
    ];
    await using bed = await TestHouse.start(yaml(...names(one, two)));
    await bed.save(yaml(...names(two, three)));
    expect(listening(bed)).toEqual([two, three]);
    await bed.save(yaml(names(three, 0)[0] ?? ''));
    expect(listening(bed)).toEqual([three]);
    expect(bed.log.of('error')).toEqual([]);
  });

  it('whose port is taken is rolled back and told to probes, and heals once the port is free', async () => {
    const [stays = 0, http = 0] = await freePorts(2);
    await using squatter = await Squatter.on();
    await using bed = await TestHouse.start(yaml(manager(stays), httpOn(http)));
    const guest = await guestOn(stays);
    await bed.save(yaml(manager(squatter.port), httpOn(squatter.port)));
    const taken = `127.0.0.1:${squatter.port} is already in use: stop the other process, or choose another port`;
    const state = 'runs with its configuration of before';
    expect(await reasonsOf(bed)).toEqual([
      expect.stringContaining(`iii-http: ${state}: ${taken}`),
      expect.stringContaining(`iii-worker-manager: ${state}: ${taken}`),
    ]);
    expect(bed.log.of('error')).toEqual([
      expect.stringContaining(`reload: iii-http ${state}: ${taken}`),
      expect.stringContaining(`reload: iii-worker-manager ${state}: ${taken}`),
    ]);
    expect(addressOf(bed, 'iii-http')).toBe(`127.0.0.1:${http}`);
    expect(await guest.finish()).toBe('same session');
    await guest.client.shutdown();
    await bed.save(yaml(manager(squatter.port), httpOn(http)));
    expect(await reasonsOf(bed)).toHaveLength(1);
    await squatter[Symbol.asyncDispose]();
    await bed.reload.now();
    expect((await bed.ready()).status).toBe(200);
    expect(listening(bed)).toEqual([squatter.port]);
  });

  it('that adds what cannot start leaves it out, and tries again', async () => {
    await using squatter = await Squatter.on();
    await using bed = await TestHouse.start(yaml(manager(0)));
    await bed.save(yaml(manager(0), httpOn(squatter.port)));
    expect(await reasonsOf(bed)).toEqual([
      expect.stringMatching(/^iii-http: does not run: .*already in use/),
    ]);
    await bed.save(yaml(manager(0)));
    expect((await bed.ready()).status).toBe(200);
    await bed.save(yaml(manager(0), httpOn(squatter.port)));
    expect((await bed.ready()).status).toBe(503);
    await squatter[Symbol.asyncDispose]();
    await bed.reload.now();
    expect((await bed.ready()).status).toBe(200);
    expect(addressOf(bed, 'iii-http')).toBe(`127.0.0.1:${squatter.port}`);
  });

  it('opens a port anew for what cannot change on an open one, and goes back when it cannot', async () => {
    const [port = 0] = await freePorts(1);
    await using bed = await TestHouse.start(yaml(manager(port, ', driver: node')));
    await bed.save(yaml(manager(port, ', driver: node, handshake_timeout_ms: 50')));
    expect(listening(bed)).toEqual([port]);
    expect(bed.log.of('error')).toEqual([]);
    // Somebody else has the port on another address, so that all addresses together cannot be bound.
    const other = net.createServer().listen(port, '127.0.0.2');
    await once(other, 'listening');
    await bed.save(yaml(manager(port, ', driver: node, host: 0.0.0.0')));
    expect(bed.house.listeners).toMatchObject([{ host: '127.0.0.1', port }]);
    expect(await isRefused(port)).toBe(false);
    expect(await reasonsOf(bed)).toHaveLength(1);
    other.close();
    await once(other, 'close');
    await bed.reload.now();
    expect(bed.house.listeners).toMatchObject([{ host: '0.0.0.0', port }]);
    expect((await bed.ready()).status).toBe(200);
  });

  it('that is no YAML keeps everything and names the line; probes learn the line and no contents', async () => {
    const [port = 0] = await freePorts(1);
    await using bed = await TestHouse.start(yaml(manager(port), httpOn(0)));
    const guest = await guestOn(port);
    await bed.save('workers:\n  - name: iii-http\n   config: { token: hush }\n');
    expect(bed.log.of('error')).toEqual([
      expect.stringMatching(/^reload: refused, everything runs as before: .*config\.yaml:3:\d+: /),
    ]);
    expect(await reasonsOf(bed)).toEqual([
      'config.yaml:3: the changed configuration was refused, see the log',
    ]);
    expect((await ask(addressOf(bed, 'iii-http'), '/')).status).toBe(404);
    expect(await guest.finish()).toBe('same session');
    await guest.client.shutdown();
    await bed.save(yaml(manager(port), httpOn(0)));
    expect((await bed.ready()).status).toBe(200);
  });

  it('moves, closes and opens the port for probes', async () => {
    const [one = 0, two = 0] = await freePorts(2);
    const health = (port: number) => `health: { port: ${port} }\nworkers: [${manager(0)}]\n`;
    await using bed = await TestHouse.start(health(one));
    await bed.save(health(two));
    expect([bed.house.healthAddress, await isRefused(one)]).toEqual([`127.0.0.1:${two}`, true]);
    await bed.save(`workers: [${manager(0)}]\n`);
    expect([bed.house.healthAddress, await isRefused(two)]).toEqual([undefined, true]);
    await using squatter = await Squatter.on(one);
    await bed.save(health(one));
    expect(bed.house.reasons).toEqual([expect.stringMatching(/^health: .*already in use/)]);
    await squatter[Symbol.asyncDispose]();
    await bed.reload.now();
    expect((await bed.ready()).status).toBe(200);
  });

  it('says once what of it has to wait for the next start', async () => {
    await using bed = await TestHouse.start(yaml(manager(0)));
    const changed = 'routing: { replicas: latest }\nlimits: { max_in_flight: 5 }\nshutdown_grace_ms: 1\n';
    await bed.save(changed + yaml(manager(0)));
    await bed.save(`${changed}# more\n${yaml(manager(0))}`);
    expect(bed.log.of('warn')).toEqual([
      'reload: routing.replicas, limits.max_in_flight: changes take effect at the next start of the engine',
    ]);
    await bed.save(yaml(manager(0)));
    expect(bed.log.of('warn')).toHaveLength(1);
    expect((await bed.ready()).status).toBe(200);
  });

  it('names workers that somebody else has to start, when they are new', async () => {
    await using bed = await TestHouse.start(yaml(manager(0)));
    const text = yaml(manager(0), '{ name: mine, worker_path: ./mine }');
    await bed.save(text);
    await bed.save(`# again\n${text}`);
    expect(bed.log.of('warn')).toEqual([
      'worker "mine" is not started by this engine: start it yourself, it will connect',
    ]);
  });
});

describe('starting and stopping', () => {
  const plan = (text: string) => planFrom(text, 'config.yaml', {}, '1.2.3');
  const options = { version: '1.2.3', log: new LogBook() };

  it('gives the engine its settings', async () => {
    await using bed = await TestHouse.start(`${yaml(manager(0))}routing: { replicas: exclusive }\n`);
    const url = `ws://${bed.house.listeners[0]?.address}`;
    const [first, second] = [registerWorker(url), registerWorker(url)];
    first.registerFunction('f', () => 'first');
    await first.ready();
    second.registerFunction('f', () => 'second');
    await second.ready();
    const answers = await Promise.all([1, 2, 3, 4].map(() => second.trigger({ function_id: 'f' })));
    expect(new Set(answers)).toEqual(new Set(['first']));
    await Promise.all([first.shutdown(), second.shutdown()]);
  });

  it('stops what had started when something cannot', async () => {
    await using squatter = await Squatter.on();
    const [health = 0] = await freePorts(1);
    const text = `health: { port: ${health} }\nworkers:\n  - ${manager(squatter.port)}\n  - ${httpOn(0)}\n`;
    await expect(House.start(plan(text), options)).rejects.toThrow('already in use');
    expect(await isRefused(health)).toBe(true);
    const taken = `health: { port: ${squatter.port} }\nworkers: [${manager(0)}]\n`;
    await expect(House.start(plan(taken), options)).rejects.toThrow(
      /^the health port did not open: .*in use/,
    );
  });

  it('tells probes that it starts and stops, opening their port first and closing it last', async () => {
    const [port = 0] = await freePorts(1);
    const seen: string[] = [];
    const look = async (when: string) => {
      const { status, text } = await ask(`127.0.0.1:${port}`, '/readyz');
      seen.push(`${when}: ${status} ${text}`);
    };
    const observer = defineWorker({
      name: 'observer',
      aliases: [],
      version: '1.0.0',
      description: 'Looks whether the engine is ready.',
      config: Type.Object({}),
      async start() {
        await look('start');
        return { stop: () => look('stop') };
      },
    });
    const workers = [{ definition: observer, instance: 'observer', numbered: true, config: {} }];
    const planned = plan(`health: { port: ${port} }\nworkers: [${manager(0)}]\n`);
    const house = await House.start({ ...planned, workers }, options);
    await look('between');
    await house.stop();
    expect(seen).toEqual([
      'start: 503 {"status":"not_ready","reasons":["starting"]}',
      'between: 200 {"status":"ready"}',
      'stop: 503 {"status":"not_ready","reasons":["shutting down"]}',
    ]);
    expect(await isRefused(port)).toBe(true);
  });

  it('takes no other plan once it stops', async () => {
    const [port = 0] = await freePorts(1);
    const house = await House.start(plan(yaml(manager(0))), options);
    const stopped = house.stop();
    expect(await house.apply(plan(yaml(manager(port))))).toEqual({ failed: 0 });
    await stopped;
    expect(await isRefused(port)).toBe(true);
    expect(house.reasons).toEqual(['shutting down']);
  });
});
