import fc from 'fast-check';
import { describe, it } from 'vitest';
import type { ReplicaMode } from './routing/function-table.js';
import type { Step } from './schedule-steps.js';
import { Schedule } from './schedule-support.js';

const which = fc.nat({ max: 11 });
const announcesFirst = fc.boolean();

const step = fc.oneof(
  { weight: 4, arbitrary: fc.record({ do: fc.constant('connect' as const), who: which, announcesFirst }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('reattach' as const), who: which, announcesFirst }) },
  {
    weight: 4,
    arbitrary: fc.record({
      do: fc.constantFrom('announce' as const, 'cut' as const, 'stopReading' as const, 'drop' as const),
      who: which,
    }),
  },
  {
    weight: 8,
    arbitrary: fc.record({
      do: fc.constantFrom(
        'offer' as const,
        'offer' as const,
        'withdraw' as const,
        'serve' as const,
        'unserve' as const,
      ),
      who: which,
      what: which,
    }),
  },
  {
    weight: 4,
    arbitrary: fc.record({ do: fc.constant('bind' as const), who: which, what: which, how: which }),
  },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('unbind' as const), who: which, what: which }) },
  {
    weight: 8,
    arbitrary: fc.record({
      do: fc.constant('call' as const),
      who: which,
      what: which,
      deadline: fc.boolean(),
    }),
  },
  {
    weight: 6,
    arbitrary: fc.record({
      do: fc.constantFrom('cancel' as const, 'answer' as const, 'answerTwice' as const, 'forge' as const),
      who: which,
      what: which,
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({ do: fc.constant('wait' as const), ms: fc.constantFrom(1, 600, 5_000) }),
  },
) satisfies fc.Arbitrary<Step>;

const runs = Number(process.env.III_SCHEDULES ?? 400);

describe.each<ReplicaMode>(['shared', 'exclusive', 'latest'])('any schedule with %s replicas', (mode) => {
  it('leaves the tables as the model has them, and ends each call once', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 60, size: 'max' }), (steps) =>
        new Schedule(mode).run(steps),
      ),
      { numRuns: runs },
    );
  }, 600_000);
});
