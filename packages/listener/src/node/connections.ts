import type { Socket as TcpSocket } from 'node:net';

interface Connection {
  readonly tcp: TcpSocket;
  /** Where it is among those that are open. */
  place: number;
  /** Requests of this connection that are not answered yet. */
  inFlight: number;
  upgraded: boolean;
  /** Where its requests begin and end cannot be told any more. */
  refused: boolean;
}

/** The connections of one port: which are idle, which are busy, which are WebSockets by now. */
export class Connections {
  /**
   * Each knows its place. In a `Map` whose entries change with every connection, what is closed would outlive it by far:
   * V8 has the tables it outgrows point to one another.
   */
  readonly #open: Connection[] = [];
  readonly #byTcp = new WeakMap<TcpSocket, Connection>();
  #draining = false;

  get draining(): boolean {
    return this.#draining;
  }

  add(tcp: TcpSocket): void {
    const connection = { tcp, place: this.#open.length, inFlight: 0, upgraded: false, refused: false };
    this.#open.push(connection);
    this.#byTcp.set(tcp, connection);
    tcp.once('close', () => this.#closed(connection));
  }

  began(tcp: TcpSocket): void {
    const connection = this.#byTcp.get(tcp);
    if (connection !== undefined) connection.inFlight++;
  }

  /** Once the port is closing, a connection goes with its last answer. */
  answered(tcp: TcpSocket): void {
    const connection = this.#byTcp.get(tcp);
    if (connection === undefined) return;
    connection.inFlight--;
    if (this.#draining && idle(connection)) tcp.destroySoon();
  }

  upgraded(tcp: TcpSocket): void {
    const connection = this.#byTcp.get(tcp);
    if (connection !== undefined) connection.upgraded = true;
  }

  /** What comes after a request that could not be framed may be its body: nothing on this connection counts. */
  refuse(tcp: TcpSocket): void {
    const connection = this.#byTcp.get(tcp);
    if (connection !== undefined) connection.refused = true;
  }

  isRefused(tcp: TcpSocket): boolean {
    return this.#byTcp.get(tcp)?.refused ?? true;
  }

  /** Drops idle HTTP connections, those included that have not completed a request head. */
  drain(): void {
    this.#draining = true;
    for (const connection of this.#open) if (idle(connection)) connection.tcp.destroy();
  }

  cut(): void {
    for (const { tcp } of this.#open) tcp.destroy();
  }

  #closed(connection: Connection): void {
    this.#byTcp.delete(connection.tcp);
    const last = this.#open.pop();
    if (last === undefined || last === connection) return;
    this.#open[connection.place] = last;
    last.place = connection.place;
  }
}

function idle(connection: Connection): boolean {
  return connection.inFlight === 0 && !connection.upgraded;
}
