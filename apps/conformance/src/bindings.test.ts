import { expect } from 'vitest';
import { onBothDrivers } from './on-both-drivers.js';
import type { Frame, Wire } from './wire.js';

const isGiven = ({ type }: Frame) => type === 'registertrigger';
const isReleased = ({ type }: Frame) => type === 'unregistertrigger';
const isRefused = ({ type }: Frame) => type === 'triggerregistrationresult';
const REFUSAL = { code: 'trigger_registration_failed', message: 'no room' };

await onBothDrivers('bindings on the wire', (bench, check) => {
  async function provider(type: string, announcement: object = {}): Promise<Wire> {
    const wire = await bench.worker('provider', announcement);
    wire.send({ type: 'registertriggertype', id: type, description: 'd' });
    await wire.settled();
    return wire;
  }

  function bind(owner: Wire, type: string, more: object = {}): string {
    const id = crypto.randomUUID();
    const binding = { type: 'registertrigger', id, trigger_type: type, function_id: 'b::f', config: {} };
    owner.send({ ...binding, ...more });
    return id;
  }

  function answer(wire: Wire, id: string, type: string, error?: object): void {
    const result = { type: 'triggerregistrationresult', id, trigger_type: type, function_id: 'b::f' };
    wire.send(error === undefined ? result : { ...result, error });
  }

  async function statusOf(asker: Wire, id: string): Promise<unknown> {
    const { result, error } = await asker.call('engine::registered-triggers::info', { id });
    return (result as { status: string } | undefined)?.status ?? (error as { code: string }).code;
  }

  check('§20.21 a refusal reaches whoever bound it, and only the provider can refuse', async () => {
    const serving = await provider('b-refused');
    const owner = await bench.worker('owner');
    const id = bind(owner, 'b-refused');
    await serving.take(isGiven);
    const stranger = await bench.worker('stranger');
    answer(stranger, id, 'b-refused', REFUSAL);
    await stranger.settled();
    expect(await statusOf(owner, id)).toBe('live');
    answer(serving, id, 'b-refused', REFUSAL);
    expect(await owner.take(isRefused)).toEqual({
      type: 'triggerregistrationresult',
      id,
      trigger_type: 'b-refused',
      function_id: 'b::f',
      error: REFUSAL,
    });
    expect(await statusOf(owner, id)).toBe('pending');
  });

  check('§20.22 a binding without an owner outlives its caller, and is released once', async () => {
    const serving = await provider('b-ownerless');
    const caller = await bench.worker('caller');
    const request = { trigger_type: 'b-ownerless', function_id: 'b::f', config: { n: 1 } };
    const made = caller.call('engine::register_trigger', request);
    const { id } = await serving.take(isGiven);
    answer(serving, String(id), 'b-ownerless');
    expect((await made).result).toEqual({ id });
    caller.socket.terminate();
    const other = await bench.worker('other');
    expect(await statusOf(other, String(id))).toBe('live');
    expect((await other.call('engine::unregister_trigger', { id })).result).toEqual({ removed: true });
    expect(await serving.take(isReleased)).toMatchObject({ id, trigger_type: 'b-ownerless' });
    expect((await other.call('engine::unregister_trigger', { id })).result).toEqual({ removed: false });
  });

  check('§20.22 a refusal is the answer of the call that asked for it', async () => {
    const serving = await provider('b-unwanted');
    const caller = await bench.worker('caller');
    const request = { trigger_type: 'b-unwanted', function_id: 'b::f' };
    const made = caller.call('engine::register_trigger', request);
    const { id } = await serving.take(isGiven);
    answer(serving, String(id), 'b-unwanted', REFUSAL);
    expect((await made).error).toMatchObject({
      code: 'trigger_registration_failed',
      message: 'trigger_registration_failed: no room',
    });
    expect(await statusOf(caller, String(id))).toBe('NOT_FOUND');
  });

  check('§20.23 a provider at home takes its bindings, and hands them back when it leaves', async () => {
    const fallback = await provider('b-home');
    const owner = await bench.worker('owner', { namespace: 'shop' });
    const moving = bind(owner, 'b-home');
    const staying = bind(owner, 'b-home', { trigger_namespace: 'default' });
    await owner.settled();
    expect([(await fallback.take(isGiven)).id, (await fallback.take(isGiven)).id]).toEqual([moving, staying]);
    const home = await provider('b-home', { namespace: 'shop' });
    expect(await home.take(isGiven)).toMatchObject({ id: moving, trigger_namespace: 'shop' });
    expect((await fallback.take(isReleased)).id).toBe(moving);
    home.socket.terminate();
    expect((await fallback.take(isGiven)).id).toBe(moving);
    await fallback.settled();
    expect(fallback.frames.filter((frame) => isGiven(frame) || isReleased(frame))).toEqual([]);
  });

  check('§20.24 a type that is withdrawn parks its bindings, without a word to its provider', async () => {
    const serving = await provider('b-withdrawn');
    const owner = await bench.worker('owner');
    const id = bind(owner, 'b-withdrawn');
    await serving.take(isGiven);
    serving.send({ type: 'unregistertriggertype', id: 'b-withdrawn', description: 'd' });
    await serving.settled();
    expect(await statusOf(owner, id)).toBe('pending');
    expect(serving.frames.filter(isReleased)).toEqual([]);
    serving.send({ type: 'registertriggertype', id: 'b-withdrawn', description: 'd' });
    expect((await serving.take(isGiven)).id).toBe(id);
    expect(await statusOf(owner, id)).toBe('live');
  });
});
