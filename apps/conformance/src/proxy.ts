import { once } from 'node:events';
import net from 'node:net';

/** A TCP proxy in front of the engine, for connections that must be cut in the middle. */
export class TcpProxy {
  readonly #pairs = new Set<readonly [net.Socket, net.Socket]>();

  private constructor(private readonly server: net.Server) {}

  static async start(target: string): Promise<TcpProxy> {
    const { hostname, port } = new URL(target);
    const server = net.createServer((near) => {
      const far = net.connect(Number(port), hostname);
      const pair = [near, far] as const;
      proxy.#pairs.add(pair);
      near.pipe(far).pipe(near);
      for (const socket of pair) {
        socket.on('error', () => {});
        socket.on('close', () => {
          near.destroy();
          far.destroy();
          proxy.#pairs.delete(pair);
        });
      }
    });
    const proxy: TcpProxy = new TcpProxy(server);
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    return proxy;
  }

  get url(): string {
    return `ws://127.0.0.1:${(this.server.address() as net.AddressInfo).port}`;
  }

  /** Cuts every connection; new ones are let through. */
  cut(): void {
    for (const [near, far] of this.#pairs) {
      near.resetAndDestroy();
      far.resetAndDestroy();
    }
  }

  async stop(): Promise<void> {
    this.cut();
    await new Promise((resolve) => this.server.close(resolve));
  }
}
