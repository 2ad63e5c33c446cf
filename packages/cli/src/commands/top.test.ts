import { ManualClock, TestEngine } from 'iii-testing';
import { afterEach, describe, expect, it } from 'vitest';
import type { Screen, ScreenListener, ScreenSize } from '../screen.js';
import { closedPort, ForeignEngine, type Outcome, type RunOptions, run, TERMINAL } from '../test-support.js';

const CSI = '\u001b[';
const ENTER = `${CSI}?1049h`;
const LEAVE = `${CSI}?7h${CSI}?25h${CSI}?1049l`;

/** What is to be closed after the test. */
const cleanup: Array<() => Promise<unknown>> = [];

afterEach(async () => {
  for (const close of cleanup.splice(0).reverse()) await close();
});

/** A terminal somebody sits at, or a pipe, with the clock standing still. */
class FakeTerminal implements Screen {
  readonly clock = new ManualClock();
  dimensions: ScreenSize = { columns: 100, rows: 24 };
  /** Whether keys were asked for; undefined while nobody attends. */
  attended: boolean | undefined;
  readonly written: string[] = [];
  #listener: ScreenListener | undefined;
  #taken = 0;
  #wake: () => void = () => {};

  size(): ScreenSize {
    return this.dimensions;
  }

  attend(listener: ScreenListener, wantsKeys: boolean): () => void {
    this.#listener = listener;
    this.attended = wantsKeys;
    return () => {
      this.#listener = undefined;
      this.attended = undefined;
    };
  }

  top(port: number, options: { readonly args?: string[] } & RunOptions = {}): Promise<Outcome> {
    const { args = [], ...rest } = options;
    return run(['top', '--address', '127.0.0.1', '--port', String(port), ...args], {
      clock: this.clock,
      screen: this,
      isTerminal: TERMINAL,
      stdout: (text) => {
        this.written.push(text);
        this.#wake();
      },
      ...rest,
    });
  }

  /** What was written next, once it is. */
  async next(): Promise<string> {
    while (this.written.length <= this.#taken) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
    return this.written[this.#taken++] ?? '';
  }

  /** The lines of the next frame. */
  async frame(): Promise<string[]> {
    return linesOf(await this.next());
  }

  get listener(): ScreenListener {
    if (this.#listener === undefined) throw new Error('nobody attends to the terminal');
    return this.#listener;
  }
}

/** Lines as a person sees them. */
function linesOf(text: string): string[] {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is taken out
  const visible = text.replaceAll(/\u001b\[\??[\d;]*[A-Za-z]/g, '').replaceAll('\r', '');
  return visible.replace(/\n$/, '').split('\n');
}

async function engineWith(...workers: string[]) {
  const engine = new TestEngine();
  cleanup.push(() => engine.close());
  const { port } = await engine.engine.listen({ port: 0 });
  const clients = [];
  for (const name of workers) clients.push(await engine.client(name));
  return { engine, port, clients };
}

async function foreign(answers: Readonly<Record<string, unknown>>): Promise<ForeignEngine> {
  const engine = await ForeignEngine.listen(answers);
  cleanup.push(() => engine.close());
  return engine;
}

const row = (name: string, calls: number) => ({ name, id: name, runtime: 'node', active_invocations: calls });

describe('iii top at a terminal', () => {
  it.each([
    ['q', (terminal: FakeTerminal) => terminal.listener.keys('q')],
    ['Ctrl-C', (terminal: FakeTerminal) => terminal.listener.keys('\u0003')],
    ['a signal', (terminal: FakeTerminal) => terminal.listener.ended()],
  ])('shows the engine on a screen of its own, which %s leaves at once', async (_, leave) => {
    const { port } = await engineWith('math');
    const terminal = new FakeTerminal();
    const ended = terminal.top(port);
    const first = await terminal.next();
    expect(first.startsWith(ENTER)).toBe(true);
    expect(linesOf(first)[0]).toMatch(/^iii 0\.0\.0-test at 127\.0\.0\.1:\d+, up /);
    expect(linesOf(first).filter((line) => line.startsWith('math '))).toHaveLength(1);
    expect(terminal.attended).toBe(true);
    leave(terminal);
    expect(await ended).toMatchObject({ status: 0, stderr: '' });
    expect(terminal.written.at(-1)).toBe(LEAVE);
    expect(terminal.attended).toBeUndefined();
    expect(terminal.clock.pending).toBe(0);
  });

  it('draws anew every interval, with what happened since', async () => {
    const { port, clients } = await engineWith('math');
    const [math] = clients;
    math?.registerFunction('math::one', () => 1);
    const terminal = new FakeTerminal();
    const ended = terminal.top(port, { args: ['--interval', '500'] });
    expect((await terminal.frame()).find((line) => line.startsWith('Calls'))).toBe(
      'Calls        0 running; 0 since the start, 0 failed',
    );
    await math?.trigger({ function_id: 'math::one' });
    terminal.clock.advance(499);
    expect(terminal.written).toHaveLength(1);
    terminal.clock.advance(1);
    expect((await terminal.frame()).find((line) => line.startsWith('Calls'))).toMatch(
      /^Calls {8}0 running, [\d.,]+\/s, 0 failed\/s; 1 since the start, 0 failed$/,
    );
    expect(terminal.written[1]?.startsWith(`${CSI}H`)).toBe(true);
    terminal.listener.keys('q');
    await ended;
  });

  it('takes other keys for nothing', async () => {
    const { port } = await engineWith();
    const terminal = new FakeTerminal();
    const ended = terminal.top(port);
    await terminal.next();
    terminal.listener.keys(`x${CSI}A\r`);
    terminal.clock.advance(1_000);
    expect((await terminal.frame())[0]).toMatch(/^iii 0\.0\.0-test/);
    terminal.listener.keys('Q');
    expect((await ended).status).toBe(0);
  });

  it('shows the busiest workers first, as many as there is room for', async () => {
    const { port } = await foreign({
      'engine::status': { triggers: { pending: 0 } },
      'engine::workers::list': { workers: [row('a', 1), row('b', 30), row('c', 2), row('d', 0)] },
    });
    const terminal = new FakeTerminal();
    terminal.dimensions = { columns: 30, rows: 7 };
    const ended = terminal.top(port);
    const lines = await terminal.frame();
    expect(lines.slice(3).map((line) => line.split(' ')[0])).toEqual(['NAME', 'b', 'c', '…']);
    expect(lines.at(-1)).toBe('… and 2 more');
    expect(lines.every((line) => line.length <= 30)).toBe(true);
    terminal.listener.keys('q');
    await ended;
  });

  it('fits itself to a new size at once', async () => {
    const { port } = await engineWith('math');
    const terminal = new FakeTerminal();
    const ended = terminal.top(port);
    await terminal.next();
    terminal.dimensions = { columns: 12, rows: 2 };
    terminal.listener.resized();
    expect(await terminal.frame()).toEqual(['iii 0.0.0-t…', 'Workers    …']);
    terminal.listener.keys('q');
    await ended;
  });

  it('says in place that the engine is gone, and comes back with it', async () => {
    const { engine, port } = await engineWith();
    const terminal = new FakeTerminal();
    const ended = terminal.top(port);
    await terminal.next();
    await engine.close();
    terminal.clock.advance(1_000);
    expect((await terminal.frame())[2]).toMatch(/^lost the connection to 127\.0\.0\.1:\d+ /);
    terminal.clock.advance(1_000);
    const gone = await terminal.frame();
    expect(gone[2]).toMatch(/^cannot reach an engine at 127\.0\.0\.1:\d+ \(connection refused\)\.$/);
    expect(gone).toContain('Trying again every 1000 ms.');
    const next = new TestEngine();
    cleanup.push(() => next.close());
    await next.engine.listen({ port });
    terminal.clock.advance(1_000);
    const back = await terminal.frame();
    expect(back[0]).toMatch(/^iii 0\.0\.0-test at /);
    // Another engine has counted from the beginning.
    expect(back).toContain('Calls        0 running; 0 since the start, 0 failed');
    terminal.listener.keys('q');
    expect((await ended).status).toBe(0);
    expect(terminal.written.filter((text) => text.includes(ENTER))).toHaveLength(1);
  });

  it('leaves while the engine owes an answer', async () => {
    const answers: Record<string, unknown> = { 'engine::status': { triggers: { pending: 0 } } };
    const engine = await foreign(answers);
    const terminal = new FakeTerminal();
    const ended = terminal.top(engine.port);
    await terminal.next();
    const asked = engine.fallSilent();
    terminal.clock.advance(1_000);
    await asked;
    terminal.listener.keys('q');
    expect((await ended).status).toBe(0);
    expect(terminal.written.at(-1)).toBe(LEAVE);
  });

  it('goes without rates for an engine of another make', async () => {
    const { port } = await foreign({ 'engine::workers::list': { workers: [row('math', 2)] } });
    const terminal = new FakeTerminal();
    const ended = terminal.top(port);
    for (let frames = 0; frames < 2; frames++) {
      expect((await terminal.frame()).map((line) => line.split(/ {2,}/)[0])).toEqual([
        `iii at 127.0.0.1:${port}`,
        'Workers',
        '',
        'NAME',
        'math',
      ]);
      terminal.clock.advance(1_000);
    }
    terminal.listener.keys('q');
    await ended;
  });
});

describe('iii top elsewhere', () => {
  it.each<[string, RunOptions]>([
    ['a pipe', { isTerminal: { ...TERMINAL, stdout: false } }],
    ['a terminal without commands', { env: { TERM: 'dumb' } }],
  ])('prints one block each interval to %s, without escapes', async (_, options) => {
    const { port } = await engineWith('math');
    const terminal = new FakeTerminal();
    terminal.dimensions = { columns: 10, rows: 3 };
    const ended = terminal.top(port, options);
    const blocks = [await terminal.next()];
    terminal.clock.advance(1_000);
    blocks.push(await terminal.next());
    expect(terminal.attended).toBe(false);
    terminal.listener.resized();
    expect(terminal.written).toHaveLength(2);
    terminal.listener.ended();
    expect(await ended).toMatchObject({ status: 0, stderr: '' });
    expect(blocks.map((block) => block.split('\n')[0])).toEqual([
      '2026-01-01T00:00:00.000Z',
      '2026-01-01T00:00:01.000Z',
    ]);
    for (const block of blocks) {
      expect(block).not.toContain('\u001b');
      expect(block).toMatch(/\nmath .*\n\n$/s);
    }
    expect(terminal.written).toEqual(blocks);
  });
});

describe('iii top --once', () => {
  it('prints one block with rates after one interval, and ends', async () => {
    const { port } = await engineWith('math');
    const terminal = new FakeTerminal();
    const armed = whenArmed(terminal.clock);
    const ended = terminal.top(port, { args: ['--once', '--interval', '700'] });
    await armed;
    expect(terminal.written).toEqual([]);
    terminal.clock.advance(700);
    expect(await ended).toMatchObject({ status: 0, stderr: '' });
    expect(terminal.written).toHaveLength(1);
    expect(terminal.written[0]).toContain(' 0/s, 0 failed/s; 0 since the start');
    expect(terminal.written[0]).not.toContain(ENTER);
  });

  it('does not wait for rates there are none of', async () => {
    const { port } = await foreign({ 'engine::workers::list': { workers: [row('math', 2)] } });
    const terminal = new FakeTerminal();
    expect((await terminal.top(port, { args: ['--once'] })).status).toBe(0);
    expect(terminal.written).toHaveLength(1);
  });

  it('fails when the engine goes away in between', async () => {
    const { engine, port } = await engineWith();
    const terminal = new FakeTerminal();
    const armed = whenArmed(terminal.clock);
    const ended = terminal.top(port, { args: ['--once'] });
    await armed;
    await engine.close();
    terminal.clock.advance(1_000);
    const { status, stderr } = await ended;
    expect(status).toBe(1);
    expect(stderr).toContain('lost the connection to 127.0.0.1:');
    expect(terminal.written).toEqual([]);
  });
});

/** Resolves once something waits for this clock. */
function whenArmed(clock: ManualClock): Promise<void> {
  const { setTimeout } = clock;
  return new Promise((resolve) => {
    clock.setTimeout = (...args) => {
      resolve();
      return setTimeout.apply(clock, args);
    };
  });
}

describe('iii top with nothing to look at', () => {
  it('says so with status 1, and leaves the terminal alone', async () => {
    const terminal = new FakeTerminal();
    const port = await closedPort();
    const { status, stderr } = await terminal.top(port);
    expect(status).toBe(1);
    expect(linesOf(stderr)[0]).toMatch(/^Error: cannot reach an engine at .* Start an engine with `iii`, /);
    expect([terminal.written, terminal.attended]).toEqual([[], undefined]);
  });

  it.each([
    ['an interval that is too short', ['--interval', '199']],
    ['an interval that is none', ['--interval', 'soon']],
    ['an interval no timer can hold', ['--interval', '2147483648']],
    ['a word too many', ['math']],
  ])('with %s is not a command line', async (_, args) => {
    const { status, stderr } = await run(['top', ...args]);
    expect(status).toBe(2);
    expect(stderr).toContain('\nUsage: iii top [options]\n');
  });

  it('has examples in its help', async () => {
    expect((await run(['top', '--help'])).stdout).toContain('\nExamples:\n  iii top\n');
  });
});
