import type { Socket as TcpSocket } from 'node:net';

interface Connection {
  /** Requests of this connection that are not answered yet. */
  inFlight: number;
  upgraded: boolean;
  /** Where its requests begin and end cannot be told any more. */
  refused: boolean;
}

/** The connections of one port: which are idle, which are busy, which are WebSockets by now. */
export class Connections {
  readonly #all = new Map<TcpSocket, Connection>();
  #draining = false;

  get draining(): boolean {
    return this.#draining;
  }

  add(tcp: TcpSocket): void {
    this.#all.set(tcp, { inFlight: 0, upgraded: false, refused: false });
    tcp.once('close', () => this.#all.delete(tcp));
  }

  began(tcp: TcpSocket): void {
    const connection = this.#all.get(tcp);
    if (connection !== undefined) connection.inFlight++;
  }

  /** Once the port is closing, a connection goes with its last answer. */
  answered(tcp: TcpSocket): void {
    const connection = this.#all.get(tcp);
    if (connection === undefined) return;
    connection.inFlight--;
    if (this.#draining && idle(connection)) tcp.destroySoon();
  }

  upgraded(tcp: TcpSocket): void {
    const connection = this.#all.get(tcp);
    if (connection !== undefined) connection.upgraded = true;
  }

  /** What comes after a request that could not be framed may be its body: nothing on this connection counts. */
  refuse(tcp: TcpSocket): void {
    const connection = this.#all.get(tcp);
    if (connection !== undefined) connection.refused = true;
  }

  isRefused(tcp: TcpSocket): boolean {
    return this.#all.get(tcp)?.refused ?? true;
  }

  /** Drops idle HTTP connections, those included that have not completed a request head. */
  drain(): void {
    this.#draining = true;
    for (const [tcp, connection] of this.#all) if (idle(connection)) tcp.destroy();
  }

  cut(): void {
    for (const tcp of this.#all.keys()) tcp.destroy();
  }
}

function idle(connection: Connection): boolean {
  return connection.inFlight === 0 && !connection.upgraded;
}
