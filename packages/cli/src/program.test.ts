import { describe, expect, it, vi } from 'vitest';
import { runCli } from './run-cli.js';
import { NO_DATA, run, TERMINAL } from './test-support.js';

describe('iii alone', () => {
  it('serves config.yaml of the current directory', async () => {
    const outcome = await run([]);
    expect(outcome).toEqual({
      status: 0,
      stdout: '',
      stderr: '',
      served: [{ configPath: '/somewhere/config.yaml', isExplicit: false }],
    });
  });

  it.each([
    [['-c', 'x.yaml'], '/somewhere/x.yaml'],
    [['-cx.yaml'], '/somewhere/x.yaml'],
    [['--config', '../x.yaml'], '/x.yaml'],
    [['--config=/etc/iii.yaml'], '/etc/iii.yaml'],
    [['-c', 'config.yaml', '--no-update-check'], '/somewhere/config.yaml'],
  ])('with %j serves that file', async (args, configPath) => {
    expect((await run(args)).served).toEqual([{ configPath, isExplicit: true }]);
  });

  it('ends with the status the engine ends with', async () => {
    expect((await run([], { serve: async () => 130 })).status).toBe(130);
  });

  it('tells why the engine did not run', async () => {
    const outcome = await run([], {
      serve: () => Promise.reject(new Error('config.yaml: workers must be a list')),
    });
    expect(outcome).toMatchObject({
      status: 1,
      stdout: '',
      stderr: 'Error: config.yaml: workers must be a list\n',
    });
  });

  it('never throws, even if the host throws something else than an error', async () => {
    const outcome = await run([], {
      serve: () => {
        throw 'a string';
      },
    });
    expect(outcome).toMatchObject({ status: 1, stderr: 'Error: a string\n' });
  });
});

describe('the version', () => {
  it.each(['-v', '--version'])('%s prints it and nothing else', async (flag) => {
    expect(await run([flag])).toEqual({ status: 0, stdout: '1.2.3\n', stderr: '', served: [] });
  });

  it('is not asked for with -V', async () => {
    expect(await run(['-V'])).toMatchObject({ status: 2, stdout: '' });
  });
});

describe('help', () => {
  it.each([
    [['--help'], 'Usage: iii [options] [command]'],
    [['-h'], 'Usage: iii [options] [command]'],
    [['help'], 'Usage: iii [options] [command]'],
    [['--help', 'trigger'], 'Usage: iii [options] [command]'],
    [['trigger', '--help'], 'Usage: iii trigger|t [options] [FUNCTION_PATH] [KV...]'],
    [['trigger', '-h'], 'Usage: iii trigger|t [options] [FUNCTION_PATH] [KV...]'],
    [['t', '-h'], 'Usage: iii trigger|t [options] [FUNCTION_PATH] [KV...]'],
    [['help', 'trigger'], 'Usage: iii trigger|t [options] [FUNCTION_PATH] [KV...]'],
    [['help', 't'], 'Usage: iii trigger|t [options] [FUNCTION_PATH] [KV...]'],
    [['help', '--help'], 'Usage: iii help [options] [COMMAND...]'],
    [['help', 'help'], 'Usage: iii help [options] [COMMAND...]'],
  ])('%j is on stdout and has examples', async (args, usage) => {
    const { status, stdout, stderr, served } = await run(args);
    expect({ status, stderr, served }).toEqual({ status: 0, stderr: '', served: [] });
    expect(stdout.split('\n')[0]).toBe(usage);
    expect(stdout).toMatch(/\nExamples:\n {2}iii /);
    expect(stdout.endsWith('\n')).toBe(true);
  });

  it('names the commands there are, and none that there are not', async () => {
    const { stdout } = await run(['--help']);
    expect(stdout).toContain('call a function and print its result');
    expect(stdout).not.toMatch(/cloud|sandbox|use-default-config/);
  });

  it('of trigger says how to get the parameters of a function', async () => {
    expect((await run(['trigger', '--help'])).stdout).toMatch(/\nTip: with a FUNCTION_PATH, .*\n$/);
  });

  it('of a command that is not there says so', async () => {
    const { status, stdout, stderr } = await run(['help', 'triger']);
    expect({ status, stdout }).toEqual({ status: 2, stdout: '' });
    expect(stderr).toContain("error: unknown command 'triger'\n(Did you mean trigger?)");
  });

  it('of a command that is not included says that', async () => {
    expect((await run(['help', 'worker'])).stdout).toContain('`iii worker` is not part of this command yet.');
  });
});

describe('a command line that is none', () => {
  it.each([
    [['--no-such-option'], "unknown option '--no-such-option'"],
    [['-c'], "option '-c, --config <PATH>' argument missing"],
    [['-c', 'a', '-c', 'b'], 'It may be given only once.'],
    [['no-such-command'], "unknown command 'no-such-command'\n\n"],
    [['no-such-command', '--with', 'options', '--help'], "unknown command 'no-such-command'\n\n"],
    [['triger', 'f', '--json', '1'], "unknown command 'triger'\n(Did you mean trigger?)"],
    [['hepl'], "unknown command 'hepl'\n(Did you mean help?)"],
    [['config.yaml'], "unknown command 'config.yaml'\n\n"],
    [['start'], '`iii start` is not a command. The engine is started with `iii` alone.'],
    [['stop'], '`iii stop` is not a command.'],
    [['config', 'set', 'x', 'y'], '`iii config` is not a command. Edit config.yaml.'],
    [['logs', '-f'], '`iii logs` is not a command.'],
    [['sandbox', 'create'], '`iii sandbox` is not part of this command'],
    [['worker', 'add', './x', '--no-wait'], '`iii worker` is not part of this command yet.'],
    [['worker', '--help'], '`iii worker` is not part of this command yet.'],
    [['project', 'init', '-d', 'x'], '`iii project` is not part of this command yet.'],
    [['console', '--port', '1'], '`iii console` is not part of this command yet.'],
    [['compose', 'up'], '`iii compose` is not part of this command yet.'],
    [['update', '--list-targets'], '`iii update` is not part of this command yet. Update it with'],
  ])('%j ends with 2 and the usage on stderr', async (args, expected) => {
    const { status, stdout, stderr, served } = await run(args);
    expect({ status, stdout, served }).toEqual({ status: 2, stdout: '', served: [] });
    expect(stderr).toMatch(/^error: /);
    expect(stderr).toContain(expected);
    expect(stderr).toContain('\nUsage: iii [options] [command]\n');
    expect(stderr).toContain('try `iii --help`');
  });

  it.each([['--use-default-config'], ['--use-default-config', 'trigger', 'f']])(
    '%s is one since its option is gone, and what replaced it is named',
    async (...args) => {
      const { status, stderr, served } = await run(args);
      expect({ status, served }).toEqual({ status: 2, served: [] });
      expect(stderr).toContain("'--use-default-config' is gone: declare the workers you want in config.yaml");
    },
  );
});

describe('iii cloud', () => {
  it('is refused in words, with status 1', async () => {
    const outcome = await run(['cloud', 'login', '--token', 'x']);
    expect(outcome).toMatchObject({ status: 1, stdout: '', served: [] });
    expect(outcome.stderr).toMatch(
      /^Error: this command has no `cloud`: .+\. `iii --help` lists what there is\.\n$/,
    );
  });
});

describe('options of the engine', () => {
  it('come before a command, which does not inherit them', async () => {
    expect((await run(['-c', 'x.yaml', 'help'])).status).toBe(0);
    expect((await run(['trigger', '--no-update-check', 'f'])).status).toBe(2);
    expect((await run(['help', '--config', 'x.yaml'])).status).toBe(2);
  });
});

describe('colour', () => {
  const ESCAPE = '\u001b[';

  it('is in help and errors on a terminal', async () => {
    expect((await run(['--help'], { isTerminal: TERMINAL })).stdout).toContain(
      `${ESCAPE}1mOptions:${ESCAPE}22m`,
    );
    expect((await run(['nope'], { isTerminal: TERMINAL })).stderr).toContain(
      `${ESCAPE}31merror:${ESCAPE}39m`,
    );
    expect((await run(['cloud'], { isTerminal: TERMINAL })).stderr).toContain(
      `${ESCAPE}31mError:${ESCAPE}39m`,
    );
  });

  it.each([
    ['a pipe', { isTerminal: { ...TERMINAL, stdout: false, stderr: false } }],
    ['NO_COLOR', { isTerminal: TERMINAL, env: { NO_COLOR: '1' } }],
  ])('is not there with %s', async (_, options) => {
    for (const args of [['--help'], ['help', 'trigger'], ['nope'], ['cloud']]) {
      const { stdout, stderr } = await run(args, options);
      expect(stdout + stderr).not.toContain(ESCAPE);
    }
  });
});

describe('without anything given', () => {
  it('the command writes to the streams of the process', async () => {
    const written = vi.spyOn(process.stdout, 'write').mockImplementation(() => true);
    try {
      expect(await runCli(['-v'], { version: '4.5.6', serve: async () => 0, data: NO_DATA })).toBe(0);
      expect(written.mock.calls.map(([text]) => text)).toEqual(['4.5.6\n']);
    } finally {
      written.mockRestore();
      process.stdout.removeAllListeners('error');
    }
  });
});
