/* biome-ignore-all lint/suspicious/noTemplateCurlyInString: the grammar under test is written like that */

import { describe, expect, it } from 'vitest';
import { WORKERS } from './catalog.js';
import { ConfigFileError } from './config-file-error.js';
import { planFrom } from './plan.js';

const MIB = 1024 * 1024;

const plan = (text: string, env: Record<string, string> = {}) => planFrom(text, 'config.yaml', env, '9.9.9');

function problems(text: string): string[] {
  try {
    plan(text);
  } catch (error) {
    if (error instanceof ConfigFileError) return error.message.split('\n');
    throw error;
  }
  throw new Error('accepted');
}

const AVAILABLE = `Available are ${[...WORKERS.map(({ name }) => name), 'iii-worker-manager'].join(', ')}.`;

describe('a configuration', () => {
  it.each(['', '# nothing\n', 'workers:\n', 'workers: []\n', '{}'])(
    '%j opens the usual port and runs nothing',
    (text) => {
      const { workers, listeners, root } = plan(text);
      expect(workers).toEqual([]);
      expect(listeners).toEqual([
        {
          instance: 'iii-worker-manager',
          numbered: true,
          config: { host: '127.0.0.1', port: 49134, handshake_timeout_ms: 10_000 },
        },
      ]);
      expect(root).toMatchObject({ registration_namespace_grace_ms: 5_000, shutdown_grace_ms: 5_000 });
    },
  );

  it('runs workers by either of their names, with their configuration', () => {
    for (const name of ['iii-http', 'http']) {
      const { workers } = plan(`workers:\n  - name: ${name}\n    config: { port: \${PORT:0} }\n`);
      expect(workers).toMatchObject([{ instance: name, config: { port: 0, host: '127.0.0.1' } }]);
      expect(workers[0]?.definition.name).toBe('iii-http');
    }
  });

  it('numbers the instances of one name, and takes numbers that are given', () => {
    const { listeners } = plan(
      `workers:
  - { name: iii-worker-manager, config: { port: 1 } }
  - { name: iii-worker-manager, config: { port: 2 } }
modules:
  - { name: 'iii-worker-manager#other', config: { port: 3, driver: node } }
`,
    );
    expect(listeners.map(({ instance, config }) => [instance, config.port, config.driver])).toEqual([
      ['iii-worker-manager', 1, undefined],
      ['iii-worker-manager#1', 2, undefined],
      ['iii-worker-manager#other', 3, 'node'],
    ]);
  });

  it('numbers around the names that are given', () => {
    const { listeners } = plan(
      `workers:
  - { name: 'iii-worker-manager#1', config: { port: 1 } }
  - { name: iii-worker-manager, config: { port: 2 } }
  - { name: iii-worker-manager, config: { port: 3 } }
`,
    );
    expect(listeners.map(({ instance, numbered }) => [instance, numbered])).toEqual([
      ['iii-worker-manager#1', false],
      ['iii-worker-manager', true],
      ['iii-worker-manager#2', true],
    ]);
  });

  it('takes what is always there, and leaves to others what is theirs', () => {
    const text = `workers:
  - name: iii-observability
    config: { enabled: true }
  - name: configuration
  - name: my-worker
    worker_path: /somewhere
`;
    expect(plan(text)).toMatchObject({ workers: [], external: ['my-worker'] });
  });
});

describe('settings of the engine', () => {
  it('have defaults, and no port for probes unless asked for', () => {
    const { root } = plan('');
    expect(root).toMatchObject({
      liveness_ms: 60_000,
      routing: { replicas: 'shared' },
      limits: {
        max_message_bytes: 64 * MIB,
        max_outbox_bytes: 64 * MIB,
        max_total_outbox_bytes: 1024 * MIB,
        max_functions_per_connection: 10_000,
        max_trigger_types_per_connection: 1_000,
        max_bindings_per_connection: 10_000,
        max_unannounced_frames_per_second: 50_000,
      },
      channel: {},
    });
    expect(root.health).toBeUndefined();
    expect(plan('health:\n').root.health).toBeUndefined();
  });

  it('are taken as written, sizes as numbers or with a unit', () => {
    const { root } = plan(`
routing: { replicas: latest }
liveness_ms: 9000
limits:
  max_message_bytes: 2MiB
  max_outbox_bytes: 2MB
  max_total_outbox_bytes: 4096
  max_bindings_per_connection: 7
channel: { spool_limit: 8GiB, spool_directory: /var/spool/iii }
health: { port: 8081 }
`);
    expect(root).toMatchObject({
      liveness_ms: 9_000,
      routing: { replicas: 'latest' },
      limits: {
        max_message_bytes: 2 * MIB,
        max_outbox_bytes: 2_000_000,
        max_total_outbox_bytes: 4096,
        max_bindings_per_connection: 7,
      },
      channel: { spool_limit: 8 * 1024 * MIB, spool_directory: '/var/spool/iii' },
      health: { host: '127.0.0.1', port: 8081 },
    });
  });
});

describe('a wrong configuration', () => {
  it.each([
    [
      'limits:\n  max_message_bytes: 64 megs\n',
      [
        'config.yaml:2:3: "max_message_bytes" expected a number of bytes, or a size such as "64MiB" or "64MB", ' +
          'not "64 megs"',
      ],
    ],
    [
      'limits:\n  max_message_bytes: 2GiB\n  max_in_flight: 1MiB\n',
      [
        'config.yaml:2:3: "max_message_bytes" expected an integer from 1024 to 1073741824, not 2147483648',
        'config.yaml:3:3: "max_in_flight" expected an integer of at least 1, not "1MiB"',
      ],
    ],
    [
      'channel: { spool_limit: lots, spool_dir: x }\n',
      [
        'config.yaml:1:12: "spool_limit" expected a number of bytes, or a size such as "64MiB" or "64MB", not "lots"',
        'config.yaml:1:31: "spool_dir" is not known. Known are spool_limit, attach_timeout_ms, spool_directory',
      ],
    ],
    [
      'routing: { replicas: all }\n',
      ['config.yaml:1:12: "replicas" expected "shared" or "exclusive" or "latest", not "all"'],
    ],
    [
      'health: { host: 0.0.0.0 }\n',
      ['config.yaml:1:1: "port" is required: expected an integer from 0 to 65535'],
    ],
    [
      'workers:\n  - name: iii-worker-manager#a\n  - name: iii-worker-manager#a\n',
      ['config.yaml:3:5: "iii-worker-manager#a" is declared twice. Give one of them another name.'],
    ],
    ['wokers: []', ['config.yaml:1:1: "wokers" is not known. Did you mean "workers"?']],
    ['workers: 5', ['config.yaml:1:1: "workers" expected a list of mapping values, not 5']],
    ['- a\n- b', ['config.yaml:1:1: config.yaml expected a mapping, not ["a","b"]']],
    [
      'workers:\n  - nme: x\n',
      expect.arrayContaining(['config.yaml:2:5: "name" is required: expected a non-empty string']),
    ],
    [
      'workers:\n  - name: iii-htp\n',
      ['config.yaml:2:5: worker "iii-htp" is not known. Did you mean "iii-http"?'],
    ],
    [
      'workers:\n  - name: something-quite-different\n',
      [`config.yaml:2:5: worker "something-quite-different" is not known. ${AVAILABLE}`],
    ],
    [
      'workers:\n  - name: iii-exec\n',
      [`config.yaml:2:5: worker "iii-exec" is not part of this engine yet. Remove the entry. ${AVAILABLE}`],
    ],
    [
      'workers:\n  - name: iii-http\n    config:\n      port: "3111"\n      hots: x\n',
      [
        'config.yaml:5:7: "hots" is not known. Did you mean "host"?',
        'config.yaml:4:7: "port" expected an integer from 0 to 65535, not "3111"',
      ],
    ],
    [
      'workers:\n  - name: iii-queue\n    config: { queue_configs: { orders: { type: lifo } } }\n',
      ['config.yaml:3:42: "queue_configs.orders.type" expected "standard" or "fifo", not "lifo"'],
    ],
    [
      'workers:\n  - name: iii-http\n  - name: http\n',
      [
        'config.yaml:3:5: Duplicate worker configurations: "iii-http" and "http" are the same worker. Remove one.',
      ],
    ],
    [
      'workers:\n  - { name: iii-http, image: x }\n',
      ['config.yaml:2:23: worker "iii-http" cannot have an image: this engine runs no containers'],
    ],
    [
      'workers:\n  - name: iii-worker-manager\n    config:\n      rbac: { auth_function_id: a::b }\n',
      [
        expect.stringMatching(
          /^config\.yaml:4:7: "rbac" is not available in this engine yet, and the port is not opened/,
        ),
      ],
    ],
    ['workers: [\n', [expect.stringMatching(/^config\.yaml:2:1: /)]],
    ['a: 1\na: 2\n', [expect.stringMatching(/^config\.yaml:2:1: .*unique/i)]],
    [
      'workers:\n  - name: ${WHO}\n    config: { port: ${PORT} }\n',
      [
        'config.yaml:2:11: environment variable WHO is not set. Set it, or write a default: ${WHO:value}',
        'config.yaml:3:21: environment variable PORT is not set. Set it, or write a default: ${PORT:value}',
      ],
    ],
  ])('%j names file, line and fix', (text, expected) => {
    expect(problems(text)).toEqual(expected);
  });

  it('does not reach the prototype', () => {
    expect(problems('__proto__: { polluted: true }\n')).toHaveLength(1);
    expect(({} as Record<string, unknown>).polluted).toBeUndefined();
  });
});
