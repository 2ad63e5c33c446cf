import { spawn } from 'node:child_process';
import net from 'node:net';
import { expect } from 'vitest';
import { III } from './engine-process.js';
import { offered } from './official.js';
import { onBothDrivers } from './on-both-drivers.js';

interface Ending {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
  readonly seconds: number;
}

function iii(args: readonly string[]): Promise<Ending> {
  const started = performance.now();
  return new Promise((resolve) => {
    const child = spawn(process.execPath, [III, ...args], { env: { ...process.env, III_URL: '' } });
    let stdout = '';
    let stderr = '';
    child.stdout.on('data', (text) => (stdout += String(text)));
    child.stderr.on('data', (text) => (stderr += String(text)));
    child.on('close', (status) =>
      resolve({ status, stdout, stderr, seconds: (performance.now() - started) / 1000 }),
    );
  });
}

await onBothDrivers('the iii command', (bench, check) => {
  const port = () => new URL(bench.engine.url).port;

  check('calls a function and prints its result', async () => {
    const worker = bench.official('math-worker');
    worker.registerFunction('math::add', async ({ a, b }: { a: number; b: number }) => ({ c: a + b }), {
      description: 'Adds a and b',
      request_format: { type: 'object', properties: { a: { type: 'number' } }, required: ['a'] },
    });
    await offered(worker, 'math::add');
    expect(await iii(['trigger', 'math::add', 'a=2', 'b=3', '--port', port()])).toMatchObject({
      status: 0,
      stdout: '{\n  "c": 5\n}\n',
      stderr: '',
    });
    const help = await iii(['trigger', 'math::add', '--help', '--port', port()]);
    expect(help).toMatchObject({ status: 0, stderr: '' });
    expect(help.stdout).toContain('Adds a and b');
    expect(help.stdout).toMatch(/a\s+number\s+yes/);
  });

  check('prints one JSON error for an unknown function and ends with 1', async () => {
    const ending = await iii(['trigger', 'no::such', '--port', port()]);
    expect(ending).toMatchObject({ status: 1, stdout: '' });
    const [, json = ''] = /^Error: ([\s\S]*)$/.exec(ending.stderr) ?? [];
    expect(JSON.parse(json)).toEqual({
      code: 'function_not_found',
      message: expect.stringContaining('no::such') as string,
      stacktrace: null,
    });
  });

  check('says within a second that there is no engine', async () => {
    const server = net.createServer();
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port: free } = server.address() as net.AddressInfo;
    await new Promise((resolve) => server.close(resolve));
    let soonest = Number.POSITIVE_INFINITY;
    // What else this machine does only ever adds to the time, so one of three within it shows that nothing is waited for.
    for (let turn = 0; turn < 3 && soonest >= 1; turn++) {
      const ending = await iii(['trigger', 'math::add', '--port', String(free), '--address', '127.0.0.1']);
      expect(ending).toMatchObject({ status: 1, stdout: '' });
      expect(ending.stderr).toContain(`127.0.0.1:${free}`);
      soonest = Math.min(soonest, ending.seconds);
    }
    expect(soonest).toBeLessThan(1);
  });
});
