import type { CutKind } from './proxy.js';
import { TcpProxy } from './proxy.js';
import { numbers } from './random.js';
import { ReplayingWire } from './replaying-wire.js';
import { type Frame, Wire } from './wire.js';

const REPLICAS = 4;
const FUNCTION = 'churn::f';
/** What may become of a call when connections are cut under it. */
const FATES = new Set(['result', 'invocation_stopped', 'channel_send_failed', 'function_not_found']);

export interface ChurnReport {
  readonly calls: number;
  /** How many calls ended in each way. */
  readonly fates: ReadonlyMap<string, number>;
  readonly wrong: readonly string[];
}

/** Replicas behind bad networks, under calls: each call has to end once, and run at most once. */
export async function churn(url: string, steps: number, seed: number): Promise<ChurnReport> {
  const random = numbers(seed);
  const executed = new Map<number, number>();
  const called = ({ data }: Frame) => {
    const { n } = data as { n: number };
    executed.set(n, (executed.get(n) ?? 0) + 1);
  };
  const proxies = await Promise.all(
    Array.from({ length: REPLICAS }, (_, replica) => TcpProxy.start(url, seed + replica)),
  );
  const replay = { name: 'churn', functions: [FUNCTION], bindings: [], called };
  const workers = proxies.map((proxy) => new ReplayingWire(proxy.url, replay, random));
  const caller = await Wire.connect(url);
  caller.announce({ name: 'churn-caller', pid: 1 });
  const ids: string[] = [];
  try {
    for (let step = 0; step < steps; step++) {
      const proxy = proxies[random(REPLICAS)];
      if (proxy !== undefined) disturb(proxy, random);
      for (let n = 0; n < 10; n++) ids.push(send(caller, ids.length));
      await caller.settled();
    }
    for (const proxy of proxies) {
      proxy.shape('both', {});
      proxy.resume('down');
    }
    await caller.frame(({ invocation_id }) => invocation_id === ids.at(-1));
    await Promise.all(ids.map((id) => caller.frame(({ invocation_id }) => invocation_id === id)));
    await caller.settled();
  } finally {
    for (const worker of workers) worker.stop();
    caller.socket.terminate();
    await Promise.all(proxies.map((proxy) => proxy.stop()));
  }
  return judge(caller.frames, ids, executed);
}

function disturb(proxy: TcpProxy, random: (below: number) => number): void {
  const kind: CutKind = random(2) === 0 ? 'reset' : 'end';
  const faults = [
    () => proxy.cut('both', kind),
    () => proxy.shape('both', { sliceBytes: 1 + random(50), delayMs: random(3) }),
    () => proxy.shape('down', { bytesPerSecond: 20_000 + random(100_000) }),
    () => proxy.hold('down'),
    () => proxy.resume('down'),
  ];
  faults[random(faults.length)]?.();
}

function send(caller: Wire, n: number): string {
  const id = caller.nextId();
  caller.send({ type: 'invokefunction', invocation_id: id, function_id: FUNCTION, data: { n } });
  return id;
}

function judge(
  frames: readonly Frame[],
  ids: readonly string[],
  executed: ReadonlyMap<number, number>,
): ChurnReport {
  const fates = new Map<string, number>();
  const wrong: string[] = [];
  const answers = new Map<string, Frame[]>();
  for (const frame of frames.filter(({ type }) => type === 'invocationresult')) {
    const id = String(frame.invocation_id);
    answers.set(id, [...(answers.get(id) ?? []), frame]);
  }
  ids.forEach((id, n) => {
    const own = answers.get(id) ?? [];
    const times = executed.get(n) ?? 0;
    if (own.length !== 1) wrong.push(`call ${n} was answered ${own.length} times`);
    if (times > 1) wrong.push(`call ${n} was executed ${times} times`);
    const [answer] = own;
    if (answer === undefined) return;
    const fate = (answer.error as { code: string } | undefined)?.code ?? 'result';
    if (!FATES.has(fate)) wrong.push(`call ${n} ended with ${fate}`);
    if (fate === 'result' && times === 0) wrong.push(`call ${n} has a result but was never executed`);
    fates.set(fate, (fates.get(fate) ?? 0) + 1);
  });
  return { calls: ids.length, fates, wrong };
}
