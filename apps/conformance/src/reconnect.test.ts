import { expect } from 'vitest';
import { offered } from './official.js';
import { onBothDrivers } from './on-both-drivers.js';
import type { Wire } from './wire.js';

interface Greeting {
  readonly worker_id: string;
  readonly reattach_token: string;
}

async function greeting(wire: Wire): Promise<Greeting> {
  const { worker_id, reattach_token } = await wire.frame((frame) => frame.type === 'workerregistered');
  return { worker_id: String(worker_id), reattach_token: String(reattach_token) };
}

await onBothDrivers('reconnecting', (bench, check) => {
  check('§20.37 the right token retires the previous connection before the replay counts', async () => {
    const before = (await bench.worker('w')).offer('re::f');
    await before.settled();
    const { worker_id, reattach_token } = await greeting(before);
    const closed = before.closed();
    const after = await bench.wire();
    after
      .send({ type: 'reattach', previous_worker_id: worker_id, reattach_token })
      .offer('re::f')
      .announce({ name: 'w', pid: 1 });
    await after.settled();
    expect(await closed).toBe(1006);
    const answer = (await bench.worker('caller')).call('re::f');
    after.respond(await after.invocation(), { result: 'new' });
    expect((await answer).result).toBe('new');
  });

  check('§20.37 wrong, missing and garbled ones change nothing', async () => {
    const before = (await bench.worker('w')).offer('re::g');
    await before.settled();
    const { worker_id } = await greeting(before);
    const other = await bench.worker('other');
    const own = await greeting(other);
    for (const members of [
      { previous_worker_id: worker_id, reattach_token: 'wrong' },
      { previous_worker_id: worker_id },
      { previous_worker_id: own.worker_id, reattach_token: own.reattach_token },
      { previous_worker_id: '00000000-0000-4000-8000-000000000000', reattach_token: 'x' },
      { previous_worker_id: 'garbage', reattach_token: 'x' },
    ]) {
      other.send({ type: 'reattach', ...members });
    }
    await other.settled();
    await before.settled();
  });

  check('§20.38 a connection tells of each of its steps once', async () => {
    const watcher = (await bench.worker('watcher')).offer('watch::f');
    watcher.send({
      type: 'registertrigger',
      id: watcher.nextId(),
      trigger_type: 'engine::workers-available',
      function_id: 'watch::f',
      config: null,
    });
    await watcher.settled();
    const worker = await bench.worker('w');
    const { worker_id } = await greeting(worker);
    await worker.settled();
    worker.socket.terminate();
    const last = await watcher.frame(
      ({ data }) => (data as { event?: string })?.event === 'worker_disconnected',
    );
    expect(last.data).toEqual({ event: 'worker_disconnected', worker_id });
    const events = watcher.frames
      .filter(({ type }) => type === 'invokefunction')
      .map(({ data }) => data as { event: string; worker_id: string })
      .filter((data) => data.worker_id === worker_id);
    expect(events.map(({ event }) => event)).toEqual([
      'worker_connected',
      'worker_metadata_updated',
      'worker_disconnected',
    ]);
  });

  check('an official client comes back by itself when its connection is cut', async () => {
    const proxy = await bench.proxy();
    const client = bench.official('returning', {}, proxy.url);
    client.registerFunction('re::back', async () => 'here');
    const asker = bench.official('asker');
    await offered(asker, 're::back');
    const idOf = async () => {
      const { workers } = await asker.trigger<object, { workers: Array<{ id: string }> }>({
        function_id: 'engine::workers::list',
        payload: { search: 'returning' },
      });
      return workers.length === 1 ? workers[0]?.id : undefined;
    };
    const before = await idOf();
    proxy.cut();
    for (let now = await idOf(); now === undefined || now === before; now = await idOf());
    await offered(asker, 're::back');
    expect(await asker.trigger({ function_id: 're::back', payload: {} })).toBe('here');
  });
});
