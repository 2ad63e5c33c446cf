import type { FunctionHandler } from '../engine.js';
import type { OutgoingMessage } from '../link/message.js';
import type { TriggerConfig, TriggerHandler } from '../trigger.js';
import type { RawHandler } from './raw-calls.js';

export type RegisterTrigger = Extract<OutgoingMessage, { readonly type: 'registertrigger' }>;

export interface RegisteredFunction {
  readonly message: OutgoingMessage;
  /** Undefined for functions that the engine calls over HTTP, and for {@link rawHandler}s. */
  readonly handler: FunctionHandler | undefined;
  readonly rawHandler?: RawHandler;
}

export interface RegisteredTriggerType {
  readonly message: OutgoingMessage;
  readonly handler: TriggerHandler<unknown>;
  /** Bindings this client was told of, to hand them back whole when they are released. */
  readonly bindings: Map<string, TriggerConfig<unknown>>;
}

/** Everything this client has registered, which the engine is told anew on every connection. */
export class Registrations {
  readonly functions = new Map<string, RegisteredFunction>();
  readonly triggers = new Map<string, RegisterTrigger>();
  readonly triggerTypes = new Map<string, RegisteredTriggerType>();

  /** In the order they have to be sent: types before what is bound to them (sdk-node.md §8.3). */
  *replay(): IterableIterator<OutgoingMessage> {
    for (const type of this.triggerTypes.values()) yield type.message;
    for (const { message } of this.functions.values()) yield message;
    yield* this.triggers.values();
  }

  /** Takes back what brings calls here: what causes them first, so that nothing fires at a function that is gone. */
  *withdrawal(): IterableIterator<OutgoingMessage> {
    for (const { id, trigger_type } of this.triggers.values())
      yield { type: 'unregistertrigger', id, trigger_type };
    for (const id of this.functions.keys()) yield { type: 'unregisterfunction', id };
  }
}
