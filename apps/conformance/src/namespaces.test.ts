import { expect } from 'vitest';
import { onBothDrivers } from './on-both-drivers.js';
import type { Wire } from './wire.js';

function code(answer: Record<string, unknown>): string | undefined {
  return (answer.error as { code: string } | undefined)?.code;
}

await onBothDrivers('namespaces', (bench, check) => {
  /** A worker that answers calls of its function with its own name. */
  async function serving(name: string, functionId: string, announcement: object = {}): Promise<Wire> {
    const wire = (await bench.worker(name, announcement)).offer(functionId);
    wire.socket.on('message', () => {
      for (const frame of wire.frames.splice(0)) {
        if (frame.type === 'invokefunction') wire.respond(frame, { result: name });
        else if (frame.type !== 'workerregistered') wire.frames.push(frame);
      }
    });
    await wire.settled();
    return wire;
  }

  check('§20.8 a call that names none goes to the default one, also from a worker of another', async () => {
    await serving('shop', 'ns::f', { namespace: 'shop' });
    const caller = await bench.worker('caller', { namespace: 'shop' });
    const missing = await caller.call('ns::f');
    expect(code(missing)).toBe('function_not_found');
    expect((missing.error as { message: string }).message).toContain('shop');
    await serving('plain', 'ns::f');
    expect((await caller.call('ns::f')).result).toBe('plain');
    expect((await caller.call('ns::f', {}, { namespace: 'shop' })).result).toBe('shop');
    expect(code(await caller.call('ns::f', {}, { namespace: 'nowhere' }))).toBe('function_not_found');
  });

  check('§20.9 a blank one is refused wherever it can be given', async () => {
    const worker = await bench.worker('blank');
    expect(code(await worker.call('ns::f', {}, { namespace: ' ' }))).toBe('INVALID_NAMESPACE');
    for (const field of ['namespace', 'trigger_namespace']) {
      const id = worker.nextId();
      const binding = { trigger_type: 'ns-type', function_id: 'ns::f', config: {} };
      worker.send({ type: 'registertrigger', id, ...binding, [field]: '' });
      const refusal = await worker.take(({ type }) => type === 'triggerregistrationresult');
      expect(code(refusal)).toBe('INVALID_NAMESPACE');
      expect(refusal.error).toMatchObject({ message: expect.stringContaining(field) as string });
    }
    worker.send({ type: 'registertriggertype', id: 'ns-blank', description: '', namespace: '\t' });
    const types = await worker.call('engine::triggers::list', { prefix: 'ns-blank' });
    expect(types.result).toEqual({ triggers: [] });
    const other = await bench.wire();
    const announced = await other.call('engine::workers::register', { name: 'x', namespace: ' ' });
    expect(code(announced)).toBe('INVALID_NAMESPACE');
    // It is still unannounced, so that what it offers waits.
    other.offer('ns::waiting');
    await other.settled();
    expect(code(await worker.call('ns::waiting'))).toBe('function_not_found');
  });

  check('§20.10 two workers of the older generation may have one name, and both are served', async () => {
    await serving('twin', 'ns::twin');
    await serving('twin', 'ns::other');
    const caller = await bench.worker('caller');
    expect((await caller.call('ns::twin')).result).toBe('twin');
    expect((await caller.call('ns::other')).result).toBe('twin');
    const { result } = await caller.call('engine::workers::list', { search: 'twin' });
    expect((result as { workers: unknown[] }).workers).toHaveLength(2);
  });

  check('§20.11 one id in two namespaces is two functions, which end by themselves', async () => {
    const shop = await serving('shop', 'ns::same', { namespace: 'shop' });
    const plain = await serving('plain', 'ns::same');
    const caller = await bench.worker('caller');
    const namespaces = async () => {
      const { result } = await caller.call('engine::functions::list', { prefix: 'ns::same' });
      return (result as { functions: Array<{ namespace: string }> }).functions.map((row) => row.namespace);
    };
    expect((await namespaces()).sort()).toEqual(['default', 'shop']);
    plain.send({ type: 'unregisterfunction', id: 'ns::same' });
    await plain.settled();
    expect(await namespaces()).toEqual(['shop']);
    expect((await caller.call('ns::same', {}, { namespace: 'shop' })).result).toBe('shop');
    shop.socket.terminate();
    await expect.poll(namespaces).toEqual([]);
  });

  check('§20.11 an id of the engine is refused, and the connection lives on', async () => {
    const intruder = (await bench.worker('intruder')).offer('engine::functions::list');
    const refusal = await intruder.frame(({ type }) => type === 'registrationrejected');
    expect(refusal).toMatchObject({
      code: 'FUNCTION_NAMESPACE_CONFLICT',
      namespace: 'default',
      function_id: 'engine::functions::list',
      owner_worker_id: '',
    });
    expect(code(await intruder.call('engine::functions::list'))).toBeUndefined();
    const scoped = (await bench.worker('scoped', { namespace: 'shop' })).offer('engine::own');
    expect(await scoped.frame(({ type }) => type === 'registrationrejected')).toMatchObject({
      namespace: 'shop',
      owner_worker_id: '',
    });
  });

  check('§20.11 functions are taken over when their owner leaves in the middle of it', async () => {
    const first = await serving('first', 'ns::moving');
    await serving('second', 'ns::moving');
    first.socket.terminate();
    const caller = await bench.worker('caller');
    for (;;) {
      const answer = await caller.call('ns::moving');
      if (answer.result === 'second') break;
      // Until the engine has noticed, calls to the one that left end at once.
      expect(['invocation_stopped', 'channel_send_failed']).toContain(code(answer));
    }
  });
});
