import autocannon from 'autocannon';
import { PAYLOAD } from '../payload.js';
import { takeTasks } from '../role-process.js';
import { percentile } from '../statistics.js';

/** One request at a time on each connection, for so long. */
export interface LoadTask {
  readonly port: number;
  readonly connections: number;
  readonly seconds: number;
}

export interface LoadResult {
  readonly requests: number;
  readonly perSecond: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  /** Requests that failed, or were answered with anything but what was sent. */
  readonly wrong: number;
}

takeTasks<LoadTask, LoadResult>(async ({ port, connections, seconds }) => {
  // autocannon’s own histogram counts whole milliseconds.
  const latencies: number[] = [];
  const result = await new Promise<autocannon.Result>((resolve, reject) => {
    const options: autocannon.Options = {
      url: `http://127.0.0.1:${port}/echo`,
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: PAYLOAD,
      expectBody: PAYLOAD,
      connections,
      duration: seconds,
    };
    const running = autocannon(options, (error, done) => (error === null ? resolve(done) : reject(error)));
    running.on('response', (_client, _status, _bytes, ms) => void latencies.push(ms));
  });
  const { errors, timeouts, mismatches, non2xx, duration } = result;
  return {
    requests: latencies.length,
    perSecond: latencies.length / duration,
    p50Ms: percentile(latencies, 50),
    p99Ms: percentile(latencies, 99),
    wrong: errors + timeouts + mismatches + non2xx,
  };
});
process.send?.('ready');
