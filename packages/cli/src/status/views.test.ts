import { describe, expect, it } from 'vitest';
import { CliError, RemoteError } from '../errors.js';
import type { Style } from '../text/style.js';
import { attentionLines } from './attention.js';
import type { Fields } from './fields.js';
import { ratesBetween } from './rates.js';
import type { Snapshot, WaitingTrigger } from './snapshot.js';
import { headline, summaryLines } from './summary.js';
import { topFrame } from './top-frame.js';
import { workerTable } from './worker-table.js';

const same = (text: string) => text;
const PLAIN: Style = { hasColour: false, bold: same, red: same, yellow: same };
const HOSTILE = 'x\n\u001b[31m\u202ey';

const ENGINE: Fields = {
  version: '0.1.0',
  started_at_ms: 1_000_000,
  uptime_ms: 11_530_000,
  pid: 7,
  listeners: [{ name: 'iii-worker-manager', address: '127.0.0.1:49134', driver: 'uws' }],
  workers: { connected: 3, in_process: 1 },
  functions: 12,
  trigger_types: 5,
  triggers: { live: 8, pending: 1 },
  invocations: { in_flight: 2, total: 1_204, failed: 3 },
  outbox_bytes: 1_572_864,
  memory: { rss_bytes: 88_399_872, heap_used_bytes: 12_447_784 },
  replicas_mode: 'shared',
  event_loop_lag_ms: 3.4,
};

const WORKERS: Fields[] = [
  row({ name: 'math', active_invocations: 1, function_count: 2, ip_address: '10.0.0.7' }),
  row({ name: 'shop', namespace: 'eu', runtime: 'python', active_invocations: 12, function_count: 110 }),
  row({ name: 'iii-http', id: 'web', runtime: 'engine', isolation: 'in-process' }),
];

function row(more: Fields): Fields {
  const usual = { namespace: 'default', runtime: 'node', function_count: 0, active_invocations: 0 };
  return { ...usual, id: 'a-uuid', connected_at_ms: 12_285_000, ip_address: null, ...more };
}

function snapshot(more: Partial<Snapshot> = {}): Snapshot {
  return { engine: ENGINE, workers: WORKERS, waiting: [], ...more };
}

function waiting(more: Partial<WaitingTrigger> = {}): WaitingTrigger {
  return {
    id: 'T1',
    trigger_type: 'cron',
    function_id: 'nightly::report',
    namespace: 'default',
    reason: 'no_provider',
    ...more,
  };
}

describe('the headline', () => {
  it('tells which engine it is, for how long, and its driver', () => {
    expect(headline(snapshot(), 'localhost:49134', PLAIN)).toBe(
      'iii 0.1.0 at localhost:49134, up 3h 12m, driver uws',
    );
  });

  it('leaves out what the engine does not tell', () => {
    expect(headline(snapshot({ engine: {} }), 'h:1', PLAIN)).toBe('iii at h:1');
  });

  it('is one line without commands to a terminal', () => {
    const engine = { version: HOSTILE, listeners: [{ driver: HOSTILE }] };
    expect(headline(snapshot({ engine }), 'h:1', PLAIN)).toBe('iii x [31my at h:1, driver x [31my');
  });
});

describe('the summary', () => {
  it('tells what there is and what it costs', () => {
    expect(summaryLines(snapshot())).toEqual([
      'Workers      2 connected, 1 in process',
      'Functions    12 (replicas shared)',
      'Triggers     8 live, 1 waiting (5 types served)',
      'Calls        2 running; 1,204 since the start, 3 failed',
      'To be sent   1.5 MiB',
      'Memory       84 MiB (heap 12 MiB)',
      'Event loop   held up 3 ms at most',
    ]);
  });

  it('tells rates where there are some', () => {
    expect(summaryLines(snapshot(), { calls: 12.34, failed: 0 })).toContain(
      'Calls        2 running, 12/s, 0 failed/s; 1,204 since the start, 3 failed',
    );
  });

  it('lists ports where there are several', () => {
    const listeners = [
      { address: '127.0.0.1:1', driver: 'uws' },
      { address: '0.0.0.0:2', driver: 'node' },
    ];
    const [ports] = summaryLines(snapshot({ engine: { listeners } }));
    expect(ports).toBe('Ports        127.0.0.1:1 (uws), 0.0.0.0:2 (node)');
  });

  it('leaves out what is not told, or makes no sense', () => {
    expect(summaryLines({ engine: {}, workers: undefined, waiting: [] })).toEqual([]);
    const engine = {
      workers: 'many',
      functions: -1,
      triggers: [],
      invocations: null,
      outbox_bytes: Number.NaN,
      memory: { rss_bytes: '1' },
      listeners: {},
    };
    expect(summaryLines({ engine, workers: undefined, waiting: [] })).toEqual([]);
  });
});

describe('the table of workers', () => {
  it('shows them in the order of the listing, times by the clock of the engine', () => {
    expect(workerTable(snapshot(), 'by name', 0, PLAIN)).toEqual([
      'NAME            NAMESPACE  RUNTIME     FUNCTIONS  CALLS  CONNECTED FOR  ADDRESS',
      'math            default    node                2      1          4m 5s  10.0.0.7',
      'shop            eu         python            110     12          4m 5s',
      'iii-http (web)  default    in process          0      0          4m 5s',
    ]);
  });

  it('shows the busiest first', () => {
    const names = workerTable(snapshot(), 'busiest first', 0, PLAIN).map((line) => line.split(' ')[0]);
    expect(names).toEqual(['NAME', 'shop', 'math', 'iii-http']);
  });

  it('goes by the clock of this machine where the engine does not tell its own', () => {
    const [, line] = workerTable(snapshot({ engine: {} }), 'by name', 12_287_500, PLAIN);
    expect(line).toContain(' 2s  10.0.0.7');
  });

  it('shows what is not told as nothing, and the id of a worker without a name', () => {
    const workers = [{ id: 'some-id', name: null }, {}, row({ name: 'odd', function_count: '3' })];
    const [, unnamed, empty, odd] = workerTable(snapshot({ workers }), 'busiest first', 0, PLAIN);
    expect([unnamed, empty]).toEqual(['some-id', '']);
    expect(odd).toMatch(/^odd +default +node +0 +4m 5s$/);
  });

  it('keeps rows on their line and names within bounds', () => {
    const workers = [row({ name: HOSTILE }), row({ name: 'n'.repeat(280) })];
    const [, hostile, long] = workerTable(snapshot({ workers }), 'by name', 0, PLAIN);
    expect(hostile).toMatch(/^x \[31my +default/);
    expect(long).toMatch(/^n{39}… {2}default/);
  });
});

describe('what needs attention', () => {
  it('is nothing while no trigger waits', () => {
    expect(attentionLines([])).toEqual([]);
  });

  it('is told by type, with what to do about it', () => {
    const triggers = [
      waiting({ usual_provider: 'iii-cron' }),
      waiting({ trigger_type: 'webhook', function_id: 'hooks::in' }),
      waiting({ usual_provider: 'iii-cron', function_id: 'weekly::report' }),
    ];
    expect(attentionLines(triggers)).toEqual([
      '2 triggers wait for a worker that serves "cron", for nightly::report, weekly::report. The usual one is iii-cron: add it to config.yaml or start it.',
      '1 trigger waits for a worker that serves "webhook", for hooks::in. Start the worker that registers this trigger type.',
    ]);
  });

  it('is told apart from triggers that their provider does not have', () => {
    expect(attentionLines([waiting({ reason: 'not_accepted' })])).toEqual([
      '1 trigger of type "cron" is not served by the worker that serves this type, for nightly::report. The log of the engine tells why.',
    ]);
  });

  it('names a few functions and counts the others', () => {
    const triggers = ['a', 'b', 'b', 'c', 'd', 'e'].map((function_id) => waiting({ function_id }));
    expect(attentionLines(triggers)[0]).toMatch(/^6 triggers wait .*, for a, b, c and 2 more\. /);
  });

  it('is one line without commands to a terminal', () => {
    const [line] = attentionLines([waiting({ trigger_type: HOSTILE, function_id: HOSTILE })]);
    expect(line).toContain('"x [31my", for x [31my. ');
  });
});

describe('rates', () => {
  const after = (more: Fields, invocations: Fields) =>
    snapshot({
      engine: { ...ENGINE, ...more, invocations: { ...(ENGINE.invocations as Fields), ...invocations } },
    });

  it('are what happened between two readings, by the time of the engine', () => {
    const later = after({ uptime_ms: 11_532_000 }, { total: 1_229, failed: 4 });
    expect(ratesBetween(snapshot(), later)).toEqual({ calls: 12.5, failed: 0.5 });
  });

  it.each<[string, Snapshot | undefined, Snapshot]>([
    ['the first reading', undefined, snapshot()],
    ['an engine started anew', snapshot(), after({ started_at_ms: 5, uptime_ms: 11_540_000 }, {})],
    ['no time between the readings', snapshot(), snapshot()],
    ['time that runs backwards', snapshot(), after({ uptime_ms: 1 }, {})],
    ['counts that shrink', snapshot(), after({ uptime_ms: 11_540_000 }, { total: 1 })],
    ['an engine that does not count', snapshot({ engine: {} }), snapshot({ engine: {} })],
  ])('are not known for %s', (_, earlier, later) => {
    expect(ratesBetween(earlier, later)).toBeUndefined();
  });
});

describe('a frame of iii top', () => {
  const options = { place: 'h:1', intervalMs: 1_000, nowMs: 0, style: PLAIN };

  it('has the engine above its busiest workers', () => {
    const reading = { kind: 'there', snapshot: snapshot(), rates: { calls: 1, failed: 0 } } as const;
    const { head, table } = topFrame(reading, options);
    expect(head[0]).toBe('iii 0.1.0 at h:1, up 3h 12m, driver uws');
    expect(head).toContain('Calls        2 running, 1.0/s, 0 failed/s; 1,204 since the start, 3 failed');
    expect(head.at(-1)).toBe('');
    expect(table.map((line) => line.split(' ')[0])).toEqual(['NAME', 'shop', 'math', 'iii-http']);
  });

  it('says where to read about triggers that wait', () => {
    const reading = {
      kind: 'there',
      snapshot: snapshot({ waiting: [waiting(), waiting()] }),
      rates: undefined,
    } as const;
    expect(topFrame(reading, options).head).toContain(
      'Needs attention: 2 triggers not served, see `iii status`',
    );
  });

  it('says why there is no engine, and what to do', () => {
    const error = new CliError('engine_unreachable', 'cannot reach an engine at h:1 (connection refused)');
    expect(topFrame({ kind: 'gone', error }, options)).toEqual({
      head: [
        'iii at h:1',
        '',
        'cannot reach an engine at h:1 (connection refused).',
        error.hint,
        'Trying again every 1000 ms.',
      ],
      table: [],
    });
  });

  it('says in one line what the engine refuses', () => {
    const error = new RemoteError('FORBIDDEN', HOSTILE, undefined);
    const { head } = topFrame({ kind: 'gone', error }, options);
    expect(head[2]).toMatch(/^\{ "code": "FORBIDDEN", .*\}$/);
  });
});
