import { randomUUID } from 'node:crypto';
import type { Timer } from 'iii-protocol';
import type { RunningWorker, WorkerContext } from 'iii-worker';
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
import { isSameStore, openAdapter } from './store/open-adapter.js';
import { StoreSlot } from './store/store-slot.js';

/** Milliseconds that functions bound to streams get to finish when the worker stops. */
const FINISH_MS = 5_000;

/**
 * Builds the worker of its parts, and takes it apart again.
 *
 * @throws StorageError, ListenerError when store or port cannot be opened; nothing is left open then.
 */
export async function startService(
  context: WorkerContext<StreamConfig>,
): Promise<RunningWorker<StreamConfig>> {
  const { iii, logger, clock, signal, storage } = context;
  const stopping = new AbortController();
  const caller = new Caller(iii, AbortSignal.any([signal, stopping.signal]));
  const bindings = { items: new BindingTable(), joins: new BindingTable(), leaves: new BindingTable() };
  const fanOut = new FanOut(bindings.items, caller, logger);
  const hub = new Hub();
  const store = new StoreSlot(await openAdapter(context.config, storage), hub.deliver);
  const operations = new Operations({
    store,
    directory: new ProviderDirectory(iii),
    provided: new ProvidedStream(caller, new KeyedLock()),
    fanOut: (event) => fanOut.dispatch(event),
    clock,
    logger,
  });
  /** What all parts read; a new configuration is put in here. */
  const shared = {
    config: context.config,
    hub,
    doorkeeper: new Doorkeeper(bindings.joins, bindings.leaves, caller, logger),
    caller,
    clock,
    logger,
    newId: randomUUID,
    read: ({ id, ...group }: { streamName: string; groupId: string; id: string | undefined }) =>
      id === undefined ? operations.readGroup(group) : operations.readItem({ ...group, itemId: id }),
  };
  const sessions = new Sessions(shared);
  const door = new Door(Object.assign(shared, { sessions }));
  // Before the port, so that whoever joins at once finds the functions that judge it.
  const stopServingTypes = serveTriggerTypes(iii, bindings, logger);
  const functions = new OfferedFunctions(iii, operations);
  const release = async () => {
    stopServingTypes();
    stopping.abort(new Error('the stream worker has stopped'));
    sessions.close();
    await store.close();
  };
  let port: Port;
  try {
    port = await Port.open(context.config, { logger, onRequest: door.answer, onUpgrade: door.decide });
  } catch (error) {
    await functions.withdraw();
    await release();
    throw error;
  }

  /** Changes happen one after the other. */
  let turn: Promise<unknown> = Promise.resolve();
  const inTurn = (work: () => Promise<void>): Promise<void> => {
    const done = turn.then(work);
    turn = done.catch(() => {});
    return done;
  };

  async function reconfigure(config: StreamConfig): Promise<void> {
    const isSame = isSameStore(config, shared.config);
    // What can fail comes first, and leaves everything as it was.
    const adapter = isSame ? undefined : await openAdapter(config, storage);
    try {
      await port.move(config);
    } catch (error) {
      await adapter?.close();
      throw error;
    }
    shared.config = config;
    if (adapter === undefined) return;
    await store.exchange(adapter);
    sessions.resync();
  }

  return {
    get endpoints() {
      return [port.endpoint];
    },
    reconfigure: (config) => inTurn(() => reconfigure(config)),
    stop: () =>
      inTurn(async () => {
        await functions.withdraw();
        await port.close();
        let timer: Timer;
        const timeUp = new Promise<void>((resolve) => {
          timer = clock.setTimeout(resolve, FINISH_MS);
          signal.addEventListener('abort', () => resolve(), { once: true });
        });
        await Promise.race([Promise.all([sessions.allGone(), fanOut.idle()]), timeUp]).finally(() =>
          clock.clearTimeout(timer),
        );
        await release();
      }),
  };
}
