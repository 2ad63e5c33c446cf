import { once } from 'node:events';
import net from 'node:net';
import { type Conditions, FaultyPipe } from './faulty-pipe.js';
import { type Draw, numbers } from './random.js';

/** Where bytes go: up from workers to the engine, or down from the engine to workers. */
export type Direction = 'up' | 'down';

/** Who hears of a cut. The other side is left with a connection on which nothing ever comes again. */
export type CutSide = 'both' | 'worker' | 'engine';

/** `reset`: what is still on its way is lost. `end`: everything passed on so far arrives, then the end. */
export type CutKind = 'reset' | 'end';

const DIRECTIONS: readonly Direction[] = ['up', 'down'];

/** One proxied connection. */
class ProxiedPair {
  readonly pipes: Readonly<Record<Direction, FaultyPipe>>;

  constructor(
    readonly near: net.Socket,
    readonly far: net.Socket,
    random: Draw,
    private readonly ended: (pair: ProxiedPair) => void,
  ) {
    this.pipes = { up: new FaultyPipe(near, far, random), down: new FaultyPipe(far, near, random) };
    for (const [socket, other] of [
      [near, far],
      [far, near],
    ] as const) {
      socket.setNoDelay(true);
      socket.on('error', () => {});
      socket.on('close', () => this.#closed(other));
    }
    for (const direction of DIRECTIONS) void this.pipes[direction].run();
  }

  #isCut = false;

  cut(side: CutSide, kind: CutKind): void {
    this.#isCut = true;
    for (const direction of DIRECTIONS) this.pipes[direction].stop();
    for (const [socket, spared] of [
      [this.near, 'engine'],
      [this.far, 'worker'],
    ] as const) {
      if (side === spared) continue;
      if (kind === 'reset') socket.resetAndDestroy();
      else socket.end();
    }
  }

  destroy(): void {
    this.near.destroy();
    this.far.destroy();
  }

  #closed(other: net.Socket): void {
    if (!this.#isCut) other.destroy();
    if (this.near.destroyed && this.far.destroyed) this.ended(this);
  }
}

/**
 * A TCP proxy in front of the engine that does to connections what networks do. With the same seed it draws the same
 * delays.
 */
export class TcpProxy {
  readonly #pairs = new Set<ProxiedPair>();
  readonly #conditions: Record<Direction, Conditions> = { up: {}, down: {} };
  #nextCut: { readonly upBytes: number; readonly kind: CutKind; readonly done: () => void } | undefined;

  private constructor(
    private readonly server: net.Server,
    private target: URL,
  ) {}

  static async start(target: string, seed = 1): Promise<TcpProxy> {
    const random = numbers(seed);
    const server = net.createServer({ allowHalfOpen: true }, (near) => {
      const { hostname, port } = proxy.target;
      const far = net.connect({ port: Number(port), host: hostname, allowHalfOpen: true });
      proxy.#add(new ProxiedPair(near, far, random, (pair) => proxy.#pairs.delete(pair)));
    });
    const proxy: TcpProxy = new TcpProxy(server, new URL(target));
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    return proxy;
  }

  get url(): string {
    return `ws://127.0.0.1:${(this.server.address() as net.AddressInfo).port}`;
  }

  /** New connections lead elsewhere from now on. */
  redirect(target: string): void {
    this.target = new URL(target);
  }

  /** Bytes the worker of the newest connection has sent. */
  get upBytes(): number {
    return [...this.#pairs].at(-1)?.pipes.up.passed ?? 0;
  }

  /** What connections suffer from now on, present and future ones. */
  shape(direction: Direction | 'both', conditions: Conditions): void {
    for (const each of direction === 'both' ? DIRECTIONS : [direction]) {
      this.#conditions[each] = conditions;
      for (const pair of this.#pairs) pair.pipes[each].shape(conditions);
    }
  }

  /** Stops reading a direction of the present connections. */
  hold(direction: Direction): void {
    for (const pair of this.#pairs) pair.pipes[direction].hold();
  }

  resume(direction: Direction): void {
    for (const pair of this.#pairs) pair.pipes[direction].resume();
  }

  /** Cuts every connection; new ones are let through. */
  cut(side: CutSide = 'both', kind: CutKind = 'reset'): void {
    for (const pair of this.#pairs) pair.cut(side, kind);
  }

  /** Cuts both ends of the next connection as soon as its worker has sent so many bytes; resolves when that has happened. */
  cutNext(upBytes: number, kind: CutKind = 'reset'): Promise<void> {
    return new Promise((resolve) => {
      this.#nextCut = { upBytes, kind, done: resolve };
    });
  }

  async stop(): Promise<void> {
    this.cut();
    for (const pair of this.#pairs) pair.destroy();
    await new Promise((resolve) => this.server.close(resolve));
  }

  #add(pair: ProxiedPair): void {
    this.#pairs.add(pair);
    for (const direction of DIRECTIONS) pair.pipes[direction].shape(this.#conditions[direction]);
    const cut = this.#nextCut;
    if (cut === undefined) return;
    this.#nextCut = undefined;
    pair.pipes.up.cutAt(cut.upBytes, () => {
      pair.cut('both', cut.kind);
      cut.done();
    });
  }
}
