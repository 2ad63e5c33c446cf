import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Form } from './item.js';
import { ItemQueue } from './item-queue.js';
import { Spool } from './spool.js';
import { SpoolBudget } from './spool-budget.js';
import { KIB, MemoryFiles, MIB, systemError } from './test-support.js';

function setUp(segmentBytes?: number) {
  const files = new MemoryFiles();
  const budget = new SpoolBudget(1e12, files);
  return { files, budget, spool: new Spool(files, budget, segmentBytes) };
}

function take(queue: ItemQueue): { form: Form; text: string } | undefined {
  const item = queue.peek();
  queue.remove();
  return item && { form: item.form, text: Buffer.from(item.data).toString() };
}

describe('a spool', () => {
  it('gives back what was put in, whatever the sizes and the turns', () => {
    const steps = fc.array(
      fc.oneof(
        fc.record({
          form: fc.constantFrom<Form>('binary', 'text', 'marked'),
          size: fc.integer({ min: 1, max: 3_000 }),
        }),
        fc.record({ cost: fc.nat(5_000) }),
      ),
      { maxLength: 200 },
    );
    fc.assert(
      fc.property(steps, fc.constantFrom(1, 4_000, MIB), (turns, segmentBytes) => {
        const { files, budget, spool } = setUp(segmentBytes);
        const queue = new ItemQueue();
        const model: { form: Form; text: string }[] = [];
        let count = 0;
        const load = (cost: number): void => {
          spool.load(queue, cost);
          while (!queue.isEmpty) expect(take(queue)).toEqual(model.shift());
        };
        for (const turn of turns) {
          if ('cost' in turn) load(turn.cost);
          else {
            const text = `${count++}`.padEnd(turn.size, '-');
            model.push({ form: turn.form, text });
            spool.append(Buffer.from(text), turn.form);
          }
          expect(files.used).toBe(budget.used);
          expect(spool.unread).toBe(model.reduce((sum, { text }) => sum + text.length + 5, 0));
        }
        while (spool.unread > 0) load(1);
        expect(model).toEqual([]);
        expect(budget.used).toBe(0);
        spool.close();
        expect(files.openFiles).toBe(0);
      }),
      { numRuns: 60 },
    );
  });

  it('loads no more than is asked for, but always one', () => {
    const { spool } = setUp();
    const queue = new ItemQueue();
    for (let i = 0; i < 20; i++) spool.append(Buffer.alloc(10 * KIB), 'binary');
    spool.append(Buffer.alloc(MIB), 'binary');
    spool.load(queue, 1);
    expect(queue.cost).toBe(10 * KIB + 64);
    spool.load(queue, 64 * KIB);
    expect(queue.cost).toBe(7 * (10 * KIB + 64));
    queue.clear();
    spool.load(queue, 64 * KIB);
    queue.clear();
    spool.load(queue, 256 * KIB);
    queue.clear();
    // Larger than what is read at a time.
    spool.load(queue, 1);
    expect(queue.peek()?.data.byteLength).toBe(MIB);
    expect(spool.unread).toBe(0);
  });

  it('takes no more space than what waits and two files, however long its reader stays behind', () => {
    const { files, spool } = setUp(MIB);
    const queue = new ItemQueue();
    for (let i = 0; i < 5; i++) spool.append(Buffer.alloc(100 * KIB), 'binary');
    for (let i = 0; i < 200; i++) {
      spool.append(Buffer.alloc(100 * KIB), 'binary');
      spool.load(queue, 1);
      queue.clear();
      expect(files.used).toBeLessThan(2 * MIB + 200 * KIB);
    }
    expect(files.opened).toBeGreaterThan(10);
    spool.close();
    expect([files.openFiles, files.used]).toEqual([0, 0]);
  });

  it('uses one file again and again when it is emptied', () => {
    const { files, spool } = setUp();
    const queue = new ItemQueue();
    for (let i = 0; i < 50; i++) {
      spool.append(Buffer.from(`${i}`), 'text');
      spool.load(queue, 1);
      expect(take(queue)).toEqual({ form: 'text', text: `${i}` });
      expect(files.used).toBe(0);
    }
    expect(files.opened).toBe(1);
    spool.close();
  });

  it('opens nothing before it is needed', () => {
    const { files, spool } = setUp();
    spool.load(new ItemQueue(), 100);
    spool.close();
    expect(files.opened).toBe(0);
  });

  it.each([
    ['ENOSPC', 'disk_full'],
    ['EDQUOT', 'disk_full'],
    ['EMFILE', 'spool_failed'],
  ])('tells %s as %s, with the cause, and then gives everything back', (code, told) => {
    const { files, budget, spool } = setUp(1);
    const fault = systemError(code);
    spool.append(Buffer.alloc(10), 'binary');
    files.fault = fault;
    expect(() => spool.append(Buffer.alloc(10), 'binary')).toThrow(
      expect.objectContaining({ code: told, cause: fault }),
    );
    files.fault = undefined;
    spool.close();
    expect([files.openFiles, budget.used]).toEqual([0, 0]);
  });
});

describe('the space of all spools', () => {
  it('is limited', () => {
    const budget = new SpoolBudget(100, new MemoryFiles());
    budget.take(60);
    expect(() => budget.take(41)).toThrow(expect.objectContaining({ code: 'spool_full', retryable: true }));
    expect(() => budget.take(41)).toThrow(
      /60 bytes wait on disk, and 41 more are over the limit of 100\. Read faster/,
    );
    budget.take(40);
    budget.giveBack(100);
    budget.take(100);
    expect(budget.used).toBe(100);
  });

  it.each([
    ['a tenth of a small disk', 100 * MIB, 90 * MIB],
    ['256 MiB of a large one', 10_000 * MIB, 10_000 * MIB - 256 * MIB],
  ])('leaves %s free', (_what, total, usable) => {
    const files = new MemoryFiles(total);
    const budget = new SpoolBudget(Number.MAX_SAFE_INTEGER, files);
    const piece = 64 * KIB;
    let taken = 0;
    const fill = (): void => {
      for (;;) {
        budget.take(piece);
        taken += piece;
        files.used += piece;
      }
    };
    expect(fill).toThrow(expect.objectContaining({ code: 'disk_full' }));
    expect(taken).toBeGreaterThan(usable - 2 * piece);
    expect(taken).toBeLessThanOrEqual(usable);
  });

  it('looks at the disk every now and then only', () => {
    let looks = 0;
    const budget = new SpoolBudget(Number.MAX_SAFE_INTEGER, {
      space: () => {
        looks++;
        return { free: 1e12, total: 1e12 };
      },
    });
    for (let i = 0; i < 64; i++) budget.take(MIB);
    expect(looks).toBe(4);
  });
});
