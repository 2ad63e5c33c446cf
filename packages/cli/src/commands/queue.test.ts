import { queueWorker } from 'iii-queue';
import { type IIIClient, TriggerAction } from 'iii-sdk';
import { TestEngine } from 'iii-testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ScreenListener } from '../screen.js';
import { run } from '../test-support.js';

const eventually = { timeout: 15_000 };

describe('iii queue', () => {
  let engine: TestEngine;
  let worker: IIIClient;
  let url: string;
  let works = false;
  const queue = (...args: string[]) => run(['queue', ...args, '--url', url]);
  const enqueue = async (payload: unknown) => {
    const action = TriggerAction.Enqueue({ queue: 'orders' });
    const { messageReceiptId } = await worker.trigger({ function_id: 'orders::ship', payload, action });
    return String(messageReceiptId);
  };
  const dies = async (id: string) => {
    await expect.poll(async () => (await queue('dlq', 'list', 'orders')).stdout, eventually).toContain(id);
  };

  beforeAll(async () => {
    engine = new TestEngine();
    url = await engine.listen();
    await engine.start(queueWorker, { queue_configs: { orders: { max_retries: 0 } } });
    worker = await engine.client('shop');
    worker.registerFunction('orders::ship', async () => {
      if (!works) throw new Error('no ship\u001b[2J today');
    });
  });

  afterAll(() => engine.close());

  it('lists queues with what they hold, and where', async () => {
    const { status, stdout } = await queue('list');
    expect(status).toBe(0);
    const lines = stdout.split('\n');
    expect(lines[0]).toMatch(/^QUEUE +STATE +WAITING +DELAYED +AT WORK +DEAD +DONE +OLDEST$/);
    expect(lines[1]).toMatch(/^default +open +0 +0 +0 +0 +0 +-$/);
    expect(lines[2]).toMatch(/^orders +open /);
    expect(stdout).toContain('2 queues in the builtin store (memory)');
    const { queues } = JSON.parse((await queue('list', '--json')).stdout) as { queues: object[] };
    expect(queues).toMatchObject([{ name: 'default' }, { name: 'orders', waiting: 0 }]);
  });

  it('shows dead letters, puts them back and drops them', async () => {
    expect((await queue('dlq', 'list')).stdout).toBe('No dead letters.\n');
    const id = await enqueue({ order: 7 });
    await dies(id);
    expect((await queue('dlq', 'list')).stdout).toMatch(/QUEUE +DEAD\norders +1\n/);
    const list = (await queue('dlq', 'list', 'orders')).stdout;
    expect(list).toMatch(/ID +FUNCTION +FAILED AT +ATTEMPTS +ERROR/);
    expect(list).toContain('invocation_failed: no ship[2J today');
    expect(list).not.toContain('\u001b');
    const shown = JSON.parse((await queue('dlq', 'show', 'orders', id)).stdout) as object;
    expect(shown).toMatchObject({ id, payload: { order: 7 }, errors: [{ attempt: 1 }] });
    works = true;
    expect((await queue('dlq', 'redrive', 'orders', id)).stdout).toBe('1 dead letter put back\n');
    await expect
      .poll(async () => (await queue('stats', 'orders')).stdout, eventually)
      .toMatch(/dead letters +0\n +done so far +1\n/);
    works = false;
    await dies(await enqueue({ order: 8 }));
    expect((await queue('dlq', 'discard', 'orders')).stdout).toBe('1 dead letter discarded\n');
    expect((await queue('dlq', 'redrive', 'orders')).stdout).toBe('0 dead letters put back\n');
  });

  it('says which dead letter is not there', async () => {
    for (const word of ['show', 'redrive', 'discard']) {
      const { status, stderr } = await queue('dlq', word, 'orders', 'nope');
      expect([status, stderr]).toEqual([1, expect.stringContaining('orders has no dead letter nope')]);
    }
  });

  it('pauses and resumes', async () => {
    expect((await queue('pause', 'orders')).stdout).toBe('orders is paused\n');
    expect((await queue('list')).stdout).toMatch(/orders +paused/);
    expect((await queue('resume', 'orders')).stdout).toBe('orders goes on\n');
    expect((await queue('pause', 'queue:orders')).stdout).toBe('queue:orders is paused\n');
    expect((await queue('resume', 'orders')).status).toBe(0);
  });

  it.each(['stats', 'pause', 'resume', 'dlq list', 'dlq redrive', 'dlq discard'])(
    'says that there is no such queue: %s',
    async (words) => {
      for (const name of ['oders', 'topic:orders']) {
        const { status, stdout, stderr } = await queue(...words.split(' '), name);
        expect([status, stdout]).toEqual([1, '']);
        expect(stderr).toBe(
          `Error: there is no queue or topic ${name}. \`iii queue list\` lists those there are.\n`,
        );
      }
    },
  );

  it('counts what was published before anybody subscribed', async () => {
    const payload = { topic: 'lonely', data: 1 };
    await worker.trigger({ function_id: 'iii::durable::publish', payload });
    expect((await queue('list')).stdout).toMatch(/lonely +offline +1 /);
    expect((await queue('stats', 'lonely')).stdout).toMatch(/^lonely\n +waiting +1\n/);
    const refused = await queue('pause', 'lonely');
    expect(refused.status).toBe(1);
    expect(refused.stderr).toMatch(/^Error: queue_not_found: no such queue, topic or subscriber/);
    expect(refused.stderr).not.toContain('stacktrace');
  });

  it('says that the engine runs no queue worker', async () => {
    const bare = new TestEngine();
    const { status, stderr } = await run(['queue', 'list', '--url', await bare.listen()]);
    await bare.close();
    expect([status, stderr]).toEqual([1, expect.stringContaining('the engine runs no queue worker')]);
  });

  it('tails what happens, with the progress a handler reports, until it is told to stop', async () => {
    let written = '';
    let listener: ScreenListener | undefined;
    const tail = run(['queue', 'tail', 'orders', '--url', url], {
      stdout: (text) => {
        written += text;
      },
      screen: {
        size: () => ({ columns: 80, rows: 24 }),
        attend: (given) => {
          listener = given;
          return () => {};
        },
      },
    });
    const bound = async () => {
      const { registered_triggers } = await worker.trigger<object, { registered_triggers: Array<object> }>({
        function_id: 'engine::registered-triggers::list',
        payload: { trigger_type: 'queue:event', include_internal: true, include_pending: true },
      });
      return registered_triggers;
    };
    await expect.poll(bound, eventually).toMatchObject([{ status: 'live' }]);
    worker.registerFunction('orders::pack', async (_, metadata) => {
      const { message_id } = (metadata as { 'iii.queue': { message_id: string } })['iii.queue'];
      const payload = { message_id, percent: 40, note: 'half\nway' };
      expect(await worker.trigger({ function_id: 'iii::queue::progress', payload })).toEqual({ known: true });
    });
    await worker.trigger({
      function_id: 'orders::pack',
      payload: {},
      action: TriggerAction.Enqueue({ queue: 'orders' }),
    });
    await expect.poll(() => written, eventually).toContain('completed');
    const events = written.trimEnd().split('\n');
    expect(events.map((line) => line.split(/ {2,}/)[1])).toEqual([
      'enqueued',
      'started',
      'progress',
      'completed',
    ]);
    expect(events[2]).toContain('attempt 1  40%  half way');
    listener?.ended();
    expect((await tail).status).toBe(0);
  });

  it('says what is wrong with a tail', async () => {
    const { status, stderr } = await queue('tail', '--events', 'exploded');
    expect([status, stderr]).toEqual([1, expect.stringContaining('queue:event')]);
  });
});
