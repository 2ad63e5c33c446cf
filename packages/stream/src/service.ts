import { randomUuid, type Timer } from 'iii-protocol';
import type { Endpoint, WorkerContext } from 'iii-worker';
import { Doorkeeper } from './bindings/attendance.js';
import { BindingTable } from './bindings/binding-table.js';
import { FanOut } from './bindings/fan-out.js';
import { serveTriggerTypes } from './bindings/trigger-types.js';
import { Caller } from './caller.js';
import type { StreamConfig } from './config.js';
import { OfferedFunctions } from './functions/offer.js';
import { Operations } from './functions/operations.js';
import { ProviderDirectory } from './providers/directory.js';
import { KeyedLock } from './providers/keyed-lock.js';
import { ProvidedStream } from './providers/provided-stream.js';
import { Door } from './sockets/door.js';
import { Hub } from './sockets/hub.js';
import { Port } from './sockets/port.js';
import { Sessions } from './sockets/sessions.js';
import type { StreamAdapter } from './store/adapter.js';
import { isSamePlace, openAdapter } from './store/open-adapter.js';
import { StoreSlot } from './store/store-slot.js';

/** Milliseconds that calls under way, and functions bound to streams, get when the worker stops. */
const FINISH_MS = 5_000;

type Context = WorkerContext<StreamConfig>;

/** The worker, put together of its parts. */
export class StreamService {
  /** Changes of the configuration, and the end, come one after the other. */
  #turn: Promise<unknown> = Promise.resolve();

  private constructor(
    private readonly context: Context,
    private readonly parts: Parts,
    private readonly port: Port,
  ) {}

  /** @throws StorageError, ListenerError when store or port cannot be opened; nothing is left open then. */
  static async start(context: Context): Promise<StreamService> {
    const parts = assemble(context, await openAdapter(context.config, context.storage));
    try {
      const { answer: onRequest, decide: onUpgrade } = parts.door;
      const port = await Port.open(context.config, { logger: context.logger, onRequest, onUpgrade });
      return new StreamService(context, parts, port);
    } catch (error) {
      void parts.functions.withdraw();
      await release(parts);
      throw error;
    }
  }

  get endpoints(): readonly Endpoint[] {
    return [this.port.endpoint];
  }

  /** What cannot be done leaves everything as it was. */
  reconfigure(config: StreamConfig): Promise<void> {
    return this.#inTurn(async () => {
      const { settings, store, sessions } = this.parts;
      const before = settings.config;
      const adapter = isSamePlace(config, before)
        ? undefined
        : await openAdapter(config, this.context.storage);
      try {
        await this.port.move(config);
      } catch (error) {
        await adapter?.close();
        throw error;
      }
      settings.config = config;
      if (adapter !== undefined) {
        await store.exchange(adapter);
        sessions.resync();
      } else if (config.durability !== before.durability || config.max_bytes !== before.max_bytes) {
        this.context.logger.warn(
          {},
          'durability and max_bytes of a store change when the worker starts anew',
        );
      }
    });
  }

  stop(): Promise<void> {
    return this.#inTurn(async () => {
      const { functions, sessions, fanOut } = this.parts;
      const answered = functions.withdraw();
      await this.port.close();
      // Functions that were called for what was answered last are still called, and hear who has left.
      await this.#inTime(Promise.all([answered.then(() => fanOut.idle()), sessions.allGone()]));
      await release(this.parts);
    });
  }

  /** Resolves when it is done, or there is no time left for it. */
  async #inTime(work: Promise<unknown>): Promise<void> {
    const { clock, signal } = this.context;
    let timer: Timer;
    let noTimeLeft!: () => void;
    const timeUp = new Promise<void>((resolve) => {
      noTimeLeft = resolve;
      timer = clock.setTimeout(resolve, FINISH_MS);
    });
    signal.addEventListener('abort', noTimeLeft);
    if (signal.aborted) noTimeLeft();
    await Promise.race([work, timeUp]).finally(() => {
      clock.clearTimeout(timer);
      signal.removeEventListener('abort', noTimeLeft);
    });
  }

  #inTurn(work: () => Promise<void>): Promise<void> {
    const done = this.#turn.then(work);
    this.#turn = done.catch(() => {});
    return done;
  }
}

type Parts = ReturnType<typeof assemble>;

/** Everything but the port. */
function assemble({ iii, logger, clock, signal, config }: Context, adapter: StreamAdapter) {
  /** All parts read it; a new configuration is put in here. */
  const settings = { config };
  const stopping = new AbortController();
  const caller = new Caller(iii, AbortSignal.any([signal, stopping.signal]));
  const bindings = { items: new BindingTable(), joins: new BindingTable(), leaves: new BindingTable() };
  const fanOut = new FanOut(bindings.items, caller, logger);
  const hub = new Hub();
  const store = new StoreSlot(adapter, hub.deliver);
  const operations = new Operations({
    store,
    directory: new ProviderDirectory(iii),
    provided: new ProvidedStream(caller, new KeyedLock()),
    fanOut: (event) => fanOut.dispatch(event),
    clock,
    logger,
  });
  const shared = { settings, caller, clock, logger };
  const sessions = new Sessions({
    ...shared,
    hub,
    doorkeeper: new Doorkeeper(bindings.joins, bindings.leaves, caller, logger),
    read: ({ streamName, groupId, id }) =>
      id === undefined
        ? operations.readGroup({ streamName, groupId })
        : operations.readItem({ streamName, groupId, itemId: id }),
  });
  const door = new Door({ ...shared, sessions, newId: randomUuid });
  // Before the port opens, so that whoever joins at once finds the functions that judge it.
  const stopServingTypes = serveTriggerTypes(iii, bindings, logger);
  const functions = new OfferedFunctions(iii, operations);
  return { settings, store, sessions, door, fanOut, functions, stopServingTypes, stopping };
}

async function release({ stopServingTypes, stopping, sessions, store }: Parts): Promise<void> {
  stopServingTypes();
  stopping.abort(new Error('the stream worker has stopped'));
  sessions.close();
  await store.close();
}
