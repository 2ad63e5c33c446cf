import { registerWorker } from 'iii-sdk';
import { openWorkers } from '../connections/open-workers.js';
import { takeTasks } from '../role-process.js';
import { untilAnswered } from '../until-answered.js';

/** What an engine is to hold besides what is measured. */
export interface FillTask {
  readonly kind: 'functions' | 'bindings' | 'connections';
  /** Number of the first, so that no two fillers offer the same. */
  readonly first: number;
  readonly count: number;
}

const [address = ''] = process.argv.slice(2);

takeTasks<FillTask, 'filled'>(async ({ kind, first, count }) => {
  if (kind === 'connections') {
    await openWorkers(address, count);
    return 'filled';
  }
  const worker = registerWorker(address, { workerName: `filler-${first}`, otel: { enabled: false } });
  const id = (n: number) => `filler::f${first + n}`;
  const functions = kind === 'functions' ? count : 1;
  for (let n = 0; n < functions; n++) worker.registerFunction(id(n), async () => null);
  if (kind === 'bindings') {
    const { promise, resolve } = deferred();
    let bound = 0;
    worker.registerTriggerType(
      { id: 'filling', description: 'Holds bindings.' },
      {
        registerTrigger: async () => {
          if (++bound === count) resolve();
        },
        unregisterTrigger: async () => {},
      },
    );
    for (let n = 0; n < count; n++)
      worker.registerTrigger({ type: 'filling', function_id: id(0), config: { n } });
    await promise;
  }
  await untilAnswered(() => worker.trigger({ function_id: id(functions - 1), payload: {} }), 60_000);
  return 'filled';
});

function deferred() {
  let resolve = () => {};
  const promise = new Promise<void>((settle) => {
    resolve = settle;
  });
  return { promise, resolve };
}
