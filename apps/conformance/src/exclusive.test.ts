import { expect } from 'vitest';
import { onBothDrivers } from './on-both-drivers.js';

await onBothDrivers(
  'names and functions that only one worker may have',
  (bench, check) => {
    /** As clients of the generation that understands a refusal. */
    const newer = { version: '0.23.0', namespace: 'default' };

    check('§20.10 the second worker of a name is told who has it, and closed', async () => {
      const first = await bench.worker('only', newer);
      const { worker_id } = await first.frame(({ type }) => type === 'workerregistered');
      const second = await bench.wire();
      const closed = second.closed();
      second.announce({ name: 'only', runtime: 'node', pid: 2, ...newer });
      expect(await second.frame(({ type }) => type === 'registrationrejected')).toMatchObject({
        code: 'WORKER_NAMESPACE_CONFLICT',
        namespace: 'default',
        worker_name: 'only',
        owner_worker_id: worker_id,
      });
      expect(await closed).toBe(1008);
      await first.settled();
    });

    check('§20.10 the second worker of a name keeps working when it would not understand', async () => {
      await bench.worker('older');
      const second = (await bench.worker('older')).offer('exclusive::second');
      await second.settled();
      const caller = await bench.worker('caller');
      const answer = caller.call('exclusive::second');
      second.respond(await second.invocation(), { result: 'served' });
      expect((await answer).result).toBe('served');
    });

    check('§20.10 a name is free for the next one as soon as its owner is gone', async () => {
      const first = await bench.worker('heir', newer);
      first.socket.close();
      const second = await bench.worker('heir', newer);
      await second.settled();
      expect(second.frames.filter(({ type }) => type === 'registrationrejected')).toEqual([]);
    });

    check(
      '§20.11 the second offer of a function is refused, and taken up when the first is gone',
      async () => {
        const first = (await bench.worker('first')).offer('exclusive::f');
        await first.settled();
        const second = (await bench.worker('second')).offer('exclusive::f');
        expect(await second.frame(({ type }) => type === 'registrationrejected')).toMatchObject({
          code: 'FUNCTION_NAMESPACE_CONFLICT',
          function_id: 'exclusive::f',
        });
        const caller = await bench.worker('caller');
        const before = caller.call('exclusive::f');
        first.respond(await first.invocation(), { result: 'first' });
        expect((await before).result).toBe('first');
        first.socket.close();
        await first.closed();
        // The client hears of the goodbye before the engine is done with it: a call in between is still the first one's.
        for (let isThere = true; isThere; ) {
          const { result } = await caller.call('engine::workers::list', { search: 'first' });
          isThere = (result as { workers: unknown[] }).workers.length > 0;
        }
        const after = caller.call('exclusive::f');
        second.respond(await second.invocation(), { result: 'second' });
        expect((await after).result).toBe('second');
      },
    );
  },
  {
    config:
      'routing: { replicas: exclusive }\nworkers: [{ name: iii-worker-manager, config: { port: 0 } }]\n',
  },
);
