import { abortedCalls } from '../src/aborts.js';
import { churn } from '../src/churn.js';
import { CRON, cronCrowd } from '../src/cron-crowd.js';
import type { EngineProcess, EngineProcessOptions } from '../src/engine-process.js';
import { PROBED } from '../src/heap-probe.js';
import { CROWDED, httpCrowd } from '../src/http-crowd.js';
import { httpTransfers, PATIENT } from '../src/http-transfer.js';
import { idleConnections, mib } from '../src/idle.js';
import { cutRounds } from '../src/replay-rounds.js';
import { rollingDeploy } from '../src/rolling.js';
import { routeChurn } from '../src/route-churn.js';
import { STREAM_CROWD, streamCrowd } from '../src/stream-crowd.js';
import { stuckReader } from '../src/stuck.js';

export interface Sizes {
  readonly rounds: number;
  readonly rate: number;
  readonly connections: number;
  readonly seed: number;
}

export interface Stage {
  readonly engine: EngineProcess;
  readonly sizes: Sizes;
  readonly progress: (line: string) => void;
}

export interface Outcome {
  readonly figures: string;
  /** Empty when all was well. */
  readonly wrong: readonly string[];
}

export interface Scenario {
  readonly title: string;
  readonly engine?: Omit<EngineProcessOptions, 'driver'>;
  run(stage: Stage): Promise<Outcome>;
}

export const SCENARIOS: Readonly<Record<string, Scenario>> = {
  cut: {
    title: 'connections cut at random points of their replay',
    async run({ engine, sizes, progress }) {
      const wrong: string[] = [];
      const figures: string[] = [];
      for (const client of ['official', 'wire'] as const) {
        progress(`${client} client`);
        const { rounds, seed } = sizes;
        const report = await cutRounds({ url: engine.url, client, rounds, seed, progress });
        wrong.push(...report.wrong);
        figures.push(
          `${client} client ${rounds} rounds, right again after ${percentiles(report.recoveredMs)} ms`,
        );
      }
      return { figures: figures.join('; '), wrong };
    },
  },

  churn: {
    title: 'calls to replicas behind networks that cut, delay, slice and stall',
    async run({ engine, sizes, progress }) {
      const wrong: string[] = [];
      const fates = new Map<string, number>();
      for (let run = 0; run < sizes.rounds / 10; run++) {
        const report = await churn(engine.url, 60, sizes.seed + run);
        wrong.push(...report.wrong.map((line) => `seed ${sizes.seed + run}: ${line}`));
        for (const [fate, times] of report.fates) fates.set(fate, (fates.get(fate) ?? 0) + times);
        if ((run + 1) % 5 === 0) progress(`${run + 1} runs, ${wrong.length} wrong`);
      }
      return { figures: [...fates].map(([fate, times]) => `${fate} ${times}`).join(', '), wrong };
    },
  },

  rolling: {
    title: 'three replicas replaced one by one under load, then one killed',
    async run({ engine, sizes, progress }) {
      const report = await rollingDeploy({ url: engine.url, rate: sizes.rate, pauseMs: 2_000, progress });
      const wrong: string[] = [];
      if (report.failedWhileRolling > 0)
        wrong.push(`${report.failedWhileRolling} calls failed while rolling`);
      if (report.failedElsewhere > 0) wrong.push(`${report.failedElsewhere} calls of other replicas failed`);
      const figures =
        `${report.calls} calls in ${report.seconds.toFixed(1)} s, ${report.failedWhileRolling} failed while ` +
        `rolling, ${report.failedByKill} by the kill (${report.codes.join(', ')}), the last of them ` +
        `${report.lastFailureMs.toFixed(0)} ms after it`;
      return { figures, wrong };
    },
  },

  idle: {
    title: 'connections that do nothing, and what they cost',
    engine: { nodeArgs: PROBED },
    async run({ engine, sizes, progress }) {
      const report = await idleConnections(engine, sizes.connections, progress);
      const wrong: string[] = [];
      if (report.rawBytesEach > 20_000) wrong.push('more than 20 KB for a connection');
      const heapEach = (report.during.heap - report.before.heap) / sizes.connections;
      const figures =
        `${Math.round(report.rawBytesEach)} bytes of resident memory each, ` +
        `${Math.round(report.residentBytesEach)} without garbage, ${Math.round(heapEach)} of heap; resident ` +
        `${mib(report.before.resident)} MiB before, ${mib(report.after.resident)} after; heap ` +
        `${mib(report.before.heap)} before, ${mib(report.after.heap)} after`;
      return { figures, wrong };
    },
  },

  stuck: {
    title: 'a worker that stops reading what it is flooded with, beside others',
    async run({ engine, progress }) {
      const flood = { chunkBytes: 64 * 1024, everyMs: 4 };
      const rounds = await stuckReader({ url: engine.url, rounds: 7, samples: 1_000, ...flood, progress });
      const median = (of: 'reading' | 'stuck', share: number) =>
        percentile(
          rounds.map((round) => percentile(round[of], share)),
          0.5,
        );
      const wrong = rounds
        .filter(({ code }) => code !== 1013)
        .map(({ code }) => `it was closed with ${code}`);
      const change = median('stuck', 0.99) / median('reading', 0.99) - 1;
      if (change > 0.2) wrong.push(`p99 of others rises by ${Math.round(100 * change)} %`);
      const both = (share: number) =>
        `${median('reading', share).toFixed(2)} ms while it reads, ${median('stuck', share).toFixed(2)} while not`;
      const bytes = rounds.map(({ sentBytes }) => mib(sentBytes)).join(', ');
      const figures =
        `dropped with 1013 after ${bytes} MiB; medians of ${rounds.length} rounds of others: ` +
        `p50 ${both(0.5)}; p99 ${both(0.99)} (${change > 0 ? '+' : ''}${Math.round(100 * change)} %)`;
      return { figures, wrong };
    },
  },

  abort: {
    title: 'callers that give up, until handlers hear of it',
    async run({ engine }) {
      const took = await abortedCalls(engine.url, 500);
      const late = took.filter((ms) => ms > 50).length;
      const wrong = late === 0 ? [] : [`${late} handlers heard of it after more than 50 ms`];
      return { figures: `${took.length} aborted, heard after ${percentiles(took)} ms`, wrong };
    },
  },

  routes: {
    title: '2,000 HTTP routes registered and half of them removed while requests run',
    async run({ engine, sizes, progress }) {
      const { url, httpUrl } = engine;
      const report = await routeChurn({ url, httpUrl, routes: 2_000, seed: sizes.seed, progress });
      const statuses = [...report.statuses].map(([status, times]) => `${status} ${times} times`);
      const figures =
        `${report.registered} registered, ${report.removed} removed in ${report.seconds.toFixed(1)} s, ` +
        `${report.requests} requests (${statuses.join(', ')}), ${report.wrong.length} wrong`;
      return { figures, wrong: report.wrong.slice(0, 20) };
    },
  },

  stream: {
    title: 'stream sockets, a tenth of --connections and 200 at least, beside two that do not read',
    engine: { config: STREAM_CROWD },
    async run({ engine, sizes, progress }) {
      const sockets = Math.max(200, Math.ceil(sizes.connections / 10));
      const report = await streamCrowd({ engine, sockets, events: 200, progress });
      const wrong = report.wrong.slice(0, 20);
      if (!report.resynced.isCurrent) wrong.push('the socket that read again was not shown what there is');
      const growth = report.peak - report.before;
      if (growth > 256 * 2 ** 20) wrong.push(`resident memory grew by ${mib(growth)} MiB`);
      const figures =
        `${sockets} sockets, ${report.fanOutMs.length} events each, ${report.wrong.length} wrong; an event has reached ` +
        `everyone after ${percentiles(report.fanOutMs)} ms, ${(report.cpuEach * 1e6).toFixed(1)} us of processor for ` +
        `each message; resident ${mib(report.before)} MiB before, ${mib(report.peak)} at the peak; the socket that ` +
        `never reads was dropped after ${report.droppedAfterMs.toFixed(0)} ms`;
      return { figures, wrong };
    },
  },

  cron: {
    title: '10,000 schedules, while nothing is due and while 170 are every second',
    engine: { config: CRON },
    async run({ engine, progress }) {
      // Idle for so long that V8 cleans up within it: once, eight seconds or more after a burst.
      const report = await cronCrowd(engine, { schedules: 10_000, idleMs: 60_000, busyMs: 20_000, progress });
      const wrong: string[] = [];
      const refuse = (isWrong: boolean, what: string) => void (isWrong && wrong.push(what));
      refuse(report.lost > 0, `${report.lost} occurrences lost`);
      refuse(report.doubled > 0, `${report.doubled} occurrences had twice`);
      refuse(report.readyMs > 1_000, `${report.readyMs.toFixed(0)} ms until all were there`);
      refuse(
        report.idleCpu > 0.01,
        `${(report.idleCpu * 100).toFixed(2)} % of a processor while nothing is due`,
      );
      refuse(percentile(report.arrivedMs, 0.99) > 50, 'p99 of their lateness above 50 ms');
      const figures =
        `all there after ${report.readyMs.toFixed(0)} ms (${report.readyCpuMs.toFixed(0)} ms of a processor), ${(report.idleCpu * 100).toFixed(2)} % of a processor ` +
        `while nothing is due; ${report.arrivedMs.length} occurrences begun ${percentiles(report.begunMs)} ms late, ` +
        `with their handler ${percentiles(report.arrivedMs)} ms late`;
      return { figures, wrong };
    },
  },

  'http-transfer': {
    title: 'an upload and a download of 1 GiB through handlers, one after the other',
    engine: { config: PATIENT },
    async run({ engine }) {
      const gib = 2 ** 30;
      const transfers = Object.entries(await httpTransfers(engine, gib));
      const wrong = transfers.flatMap(([what, { sent, received, before, peak }]) => [
        ...(sent.bytes === gib && received.bytes === gib && sent.sha256 === received.sha256
          ? []
          : [`${what}: ${JSON.stringify(sent)} became ${JSON.stringify(received)}`]),
        ...(peak - before <= 64 * 2 ** 20 ? [] : [`${what}: ${mib(peak - before)} MiB more at the peak`]),
      ]);
      const figures = transfers.map(
        ([what, { before, peak, received, seconds }]) =>
          `${what} ${Math.round(received.bytes / 2 ** 20 / seconds)} MiB/s, sha256 ${received.sha256.slice(0, 12)} at ` +
          `both ends, resident ${mib(before)} MiB before, ${mib(peak)} at the peak`,
      );
      return { figures: figures.join('; '), wrong };
    },
  },

  http: {
    title: 'HTTP connections that are kept alive, slow uploads and slow downloads, beside others',
    engine: { config: CROWDED },
    async run({ engine, sizes, progress }) {
      const slow = Math.ceil(sizes.connections / 10);
      const report = await httpCrowd({
        engine,
        connections: sizes.connections,
        slow,
        bytesPerSecond: 20 * 1024,
        measureMs: 8_000,
        progress,
      });
      const { alone, arriving, beside, seen, sockets } = report;
      const wrong: string[] = [];
      const refuse = (isWrong: boolean, what: string) => void (isWrong && wrong.push(what));
      refuse(seen.idle.lost > 0, `${seen.idle.lost} idle connections lost`);
      refuse(seen.patient.wrong > 0, `${seen.patient.wrong} uploads within their time not answered with 201`);
      refuse(seen.endless.wrong > 0, `${seen.endless.wrong} uploads out of time not cut`);
      refuse(seen.downloads.wrong > 0, `${seen.downloads.wrong} downloads not whole`);
      refuse(report.early > 0, `${report.early} downloads ended before others were timed`);
      refuse(report.failed > 0, `${report.failed} other requests failed`);
      refuse(sockets[2] > sockets[0], `${sockets[2] - sockets[0]} sockets left`);
      const [idleP99, besideP99] = [percentile(alone, 0.99), percentile(beside, 0.99)];
      refuse(besideP99 > 2 * idleP99, `p99 of others ${(besideP99 / idleP99).toFixed(1)} times that alone`);
      // As many bytes as the answers under way have, and as the idle connections may cost.
      const bound = report.before + 3 * slow * 2 ** 20 + sizes.connections * 20_000;
      refuse(report.peak > bound, `${mib(report.peak)} MiB at the peak`);
      const figures =
        `resident ${mib(report.before)} MiB before, ${mib(report.idle)} with ${sizes.connections} idle, ` +
        `${mib(report.peak)} at the peak, ${mib(report.after)} after; others ${percentiles(alone)} ms alone, ` +
        `${percentiles(arriving)} ms while all come, ${percentiles(beside)} ms beside them (the engine takes ` +
        `${report.cpu.toFixed(2)} of a core); uploads ` +
        `${seen.patient.answered} answered, ${seen.endless.cut} cut (${seen.endless.timedOut} with 504, the last ` +
        `after ${(seen.endless.slowestMs / 1_000).toFixed(1)} s), downloads ${seen.downloads.whole} whole; sockets ` +
        sockets.join(', ');
      return { figures, wrong };
    },
  },
};

/** Median, 99th percentile and maximum, as text. */
function percentiles(values: readonly number[]): string {
  const at = (share: number) => percentile(values, share).toFixed(2);
  return `p50 ${at(0.5)}, p99 ${at(0.99)}, max ${at(1)}`;
}

function percentile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.ceil(sorted.length * share) - 1] ?? Number.NaN;
}
