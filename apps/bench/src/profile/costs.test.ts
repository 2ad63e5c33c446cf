import { describe, expect, it } from 'vitest';
import { type CallFrame, costsByOrigin, costsOf, originOf, type Profile } from './costs.js';

function frame(functionName: string, url = '', lineNumber = 0): CallFrame {
  return { functionName, url, lineNumber, columnNumber: 0 };
}

/** @param entries what was on top of the stack, for how many microseconds, one sample each. */
function profile(entries: ReadonlyArray<readonly [CallFrame, number]>): Profile {
  return {
    nodes: entries.map(([callFrame], id) => ({ id, callFrame })),
    samples: entries.map((_, id) => id),
    timeDeltas: entries.map(([, us]) => us),
  };
}

const ENGINE = 'file:///x/packages/engine/dist/index.js';

describe('costsOf', () => {
  it('adds up what a function took wherever it was called from, largest first', () => {
    const costs = costsOf(
      profile([
        [frame('route', ENGINE, 3), 10],
        [frame('decode', ENGINE, 9), 50],
        [frame('route', ENGINE, 3), 30],
      ]),
    );
    expect(costs.map(({ frame: { functionName }, us }) => [functionName, us])).toEqual([
      ['decode', 50],
      ['route', 40],
    ]);
  });

  it('keeps functions of one name at different places apart', () => {
    const costs = costsOf(
      profile([
        [frame('', ENGINE, 3), 10],
        [frame('', ENGINE, 4), 20],
      ]),
    );
    expect(costs.map(({ us }) => us)).toEqual([20, 10]);
  });

  it('counts shares of the time that was not idle', () => {
    const costs = costsOf(
      profile([
        [frame('(idle)'), 900],
        [frame('route', ENGINE), 75],
        [frame('(garbage collector)'), 25],
      ]),
    );
    expect(costs.map(({ share }) => share)).toEqual([0.75, 0.25]);
  });

  it('of a process that only waited there are none', () => {
    expect(costsOf(profile([[frame('(idle)'), 900]]))).toEqual([]);
  });
});

describe('originOf', () => {
  it.each([
    ['file:///x/packages/engine/dist/index.js', 'run', 'packages/engine'],
    ['file:///x/apps/bench/src/http/load.ts', 'run', 'apps/bench'],
    ['file:///x/node_modules/.pnpm/ws@8.23.0/node_modules/ws/lib/receiver.js', 'getData', 'ws'],
    ['file:///x/packages/a/node_modules/@scope/name/index.js', 'f', '@scope/name'],
    ['node:internal/stream_base_commons', 'writeGeneric', 'node'],
    ['', '(garbage collector)', '(garbage collector)'],
    ['', 'writev', 'native'],
  ])('%s %s is of %s', (url, functionName, origin) => {
    expect(originOf(frame(functionName, url))).toBe(origin);
  });
});

it('costsByOrigin adds up what comes from one place, largest first', () => {
  const costs = costsOf(
    profile([
      [frame('writev'), 40],
      [frame('route', ENGINE, 1), 25],
      [frame('decode', ENGINE, 2), 35],
    ]),
  );
  expect(costsByOrigin(costs)).toEqual([
    ['packages/engine', 0.6],
    ['native', 0.4],
  ]);
});
