import { rawFromText } from 'iii-protocol';
import { gate } from 'iii-testing';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { TestBed } from '../test-support.js';
import { isTruthy } from './truthy.js';

let bed: TestBed;

beforeEach(async () => {
  bed = await TestBed.open();
});

afterEach(() => bed[Symbol.asyncDispose]());

describe('a state trigger', () => {
  it('hears of creation, update and deletion, with all six members every time', async () => {
    const events = await bed.watch({ scope: 's', key: 'k' });
    await bed.set('s', 'k', 1);
    await bed.set('s', 'k', 1);
    await bed.call('update', { scope: 's', key: 'k', ops: [] });
    await bed.call('delete', { scope: 's', key: 'k' });
    await bed.call('delete', { scope: 's', key: 'k' });
    const of = { type: 'state', scope: 's', key: 'k' };
    const plain = (await events.count(5)).map((event) => JSON.parse(JSON.stringify(event)) as object);
    expect(plain).toEqual([
      { ...of, event_type: 'state:created', old_value: null, new_value: 1 },
      { ...of, event_type: 'state:updated', old_value: 1, new_value: 1 },
      { ...of, event_type: 'state:updated', old_value: 1, new_value: 1 },
      { ...of, event_type: 'state:deleted', old_value: 1, new_value: null },
      { ...of, event_type: 'state:deleted', old_value: null, new_value: null },
    ]);
  });

  it('counts a stored null as something that was there', async () => {
    const events = await bed.watch({});
    await bed.set('s', 'k', null);
    await bed.set('s', 'k', null);
    expect((await events.count(2)).map(({ event_type }) => event_type)).toEqual([
      'state:created',
      'state:updated',
    ]);
  });

  it.each([
    [{}, ['s/k', 's/l', 't/k', '/']],
    [{ scope: 's' }, ['s/k', 's/l']],
    [{ key: 'k' }, ['s/k', 't/k']],
    [{ scope: 's', key: 'k' }, ['s/k']],
    [{ scope: '' }, ['/']],
    [{ scope: null, key: null, other: 1 }, ['s/k', 's/l', 't/k', '/']],
  ])('with %j hears of %j', async (config, expected) => {
    const events = await bed.watch(config);
    for (const [scope = '', key = ''] of [
      ['s', 'k'],
      ['s', 'l'],
      ['t', 'k'],
      ['', ''],
    ])
      await bed.set(scope, key, 1);
    const heard = await events.count(expected.length);
    await bed.state.stop();
    expect(heard.map(({ scope, key }) => `${scope}/${key}`).sort()).toEqual([...expected].sort());
  });

  it.each([
    [null, 'the config of a state trigger is an object, not null'],
    ['s', 'is an object, not "s"'],
    [{ scope: 1 }, 'scope of a state trigger is a string, not 1'],
    [{ condition_function_id: [] }, 'condition_function_id of a state trigger is a string, not []'],
  ])('with the config %j is refused', async (config, reason) => {
    expect(await bed.triggerRefusal(config)).toContain(reason);
  });

  it('gets the metadata of its binding', async () => {
    const metadata = gate<unknown>();
    await bed.watch({}, (_, given) => metadata.open(given), { metadata: { by: 'me' } });
    await bed.set('s', 'k', 1);
    expect(await metadata.opened).toEqual({ by: 'me' });
  });

  it('hears nothing any more once it is gone', async () => {
    const [gone, stays] = [await bed.watch({ scope: 's' }), await bed.watch({ scope: 's' })];
    gone.unregister();
    await bed.heard();
    await bed.set('s', 'k', 1);
    await stays.count(1);
    await bed.state.stop();
    expect(gone.events).toEqual([]);
  });

  it('hears nothing while triggers are off, and again when they are on', async () => {
    const events = await bed.watch({});
    const { readConfig } = await import('iii-worker');
    const { StateConfig } = await import('../config.js');
    const config = (triggers_enabled: boolean) => readConfig('iii-state', StateConfig, { triggers_enabled });
    await bed.state.reconfigure?.(config(false));
    await bed.set('s', 'k', 1);
    await bed.state.reconfigure?.(config(true));
    await bed.set('s', 'k', 2);
    expect(await events.count(1)).toMatchObject([{ new_value: 2 }]);
  });
});

describe('a condition', () => {
  it.each([
    [true, true],
    ['false', true],
    [{}, true],
    [[], true],
    [1, true],
    [false, false],
    [null, false],
    [undefined, false],
    [0, false],
    ['', false],
  ])('that returns %j lets the handler run: %j', async (verdict, runs) => {
    const asked = gate<unknown>();
    bed.app.registerFunction('condition', (event: unknown) => {
      asked.open(event);
      return verdict;
    });
    const events = await bed.watch({ condition_function_id: 'condition' });
    await bed.set('s', 'k', 1);
    expect(await asked.opened).toMatchObject({ event_type: 'state:created', new_value: 1 });
    // Stopping delivers what is on its way.
    await bed.state.stop();
    expect(events.events).toHaveLength(runs ? 1 : 0);
  });

  it.each([
    ['throws', () => Promise.reject(new Error('no'))],
    ['is not there', undefined],
  ])('that %s keeps the handler from running, which is logged', async (_, condition) => {
    if (condition !== undefined) bed.app.registerFunction('condition', condition);
    const events = await bed.watch({ condition_function_id: 'condition' });
    await bed.set('s', 'k', 1);
    expect((await bed.log.line(/a state trigger failed/)).fields).toMatchObject({ scope: 's', key: 'k' });
    expect(events.events).toEqual([]);
  });

  it.each([
    ['-0', false],
    ['0.0', false],
    ['0e7', false],
    ['-1', true],
    ['1e-400', false],
    ['"0"', true],
  ])('judges %s as JavaScript would', (text, expected) => {
    expect(isTruthy(rawFromText(text))).toBe(expected);
  });
});
