import { DEFAULT_NAMESPACE, type Log } from 'iii-protocol';
import { Type, Value } from 'iii-protocol/schema';
import { type IIIClient, TriggerAction } from 'iii-sdk';
import { watchForgottenTriggers } from 'iii-worker';
import { QueueError } from './errors.js';
import { QUEUE_EVENTS, type QueueEvent, type QueueEventName } from './events.js';

const EVENT_TYPE = 'queue:event';

const EventTriggerConfig = Type.Object(
  {
    queue: Type.Optional(Type.String({ minLength: 1, description: 'Only events of this queue or topic.' })),
    events: Type.Optional(
      Type.Array(Type.Union(QUEUE_EVENTS.map((event) => Type.Literal(event))), {
        description: 'Only these events. Default: all.',
      }),
    ),
  },
  { additionalProperties: false },
);

interface Listener {
  readonly functionId: string;
  readonly namespace: string;
  readonly queue: string | undefined;
  readonly events: ReadonlySet<QueueEventName> | undefined;
}

/** Tells functions what happens to jobs; nobody waits for them (spec/worker-queue.md §17.3). */
export class EventTriggers {
  readonly #listeners = new Map<string, Listener>();

  constructor(
    private readonly iii: IIIClient,
    private readonly now: () => number,
    private readonly logger: Log,
  ) {}

  serve(): () => void {
    const type = this.iii.registerTriggerType<unknown>(
      {
        id: EVENT_TYPE,
        description: 'What happens to jobs and queues',
        trigger_request_format: JSON.parse(JSON.stringify(EventTriggerConfig)) as Record<string, unknown>,
      },
      {
        registerTrigger: async ({ id, function_id: functionId, namespace = DEFAULT_NAMESPACE, config }) => {
          const given = config ?? {};
          if (!Value.Check(EventTriggerConfig, given)) {
            const [first] = Value.Errors(EventTriggerConfig, given);
            const where = first?.path.slice(1) || 'config';
            throw new QueueError('invalid_event_trigger', `${where}: ${first?.message ?? 'not valid'}`);
          }
          const { queue, events } = given;
          this.#listeners.set(id, { functionId, namespace, queue, events: events && new Set(events) });
        },
        unregisterTrigger: async ({ id }) => void this.#listeners.delete(id),
      },
    );
    const stopWatching = watchForgottenTriggers(this.iii, EVENT_TYPE, {
      ids: () => this.#listeners.keys(),
      forget: (id) => void this.#listeners.delete(id),
      logger: this.logger,
    });
    return () => {
      stopWatching();
      type.unregister();
    };
  }

  emit(event: Omit<QueueEvent, 'at_ms'>): void {
    if (this.#listeners.size === 0) return;
    const payload: QueueEvent = { ...event, at_ms: this.now() };
    for (const { functionId, namespace, queue, events } of this.#listeners.values()) {
      if (queue !== undefined && !isOf(queue, event.queue)) continue;
      if (events !== undefined && !events.has(event.event)) continue;
      // Sent and forgotten: a listener that fails must not hold a queue up.
      this.iii
        .trigger({ function_id: functionId, namespace, payload, action: TriggerAction.Void() })
        .catch((error: unknown) =>
          this.logger.debug({ err: error, function_id: functionId }, 'an event of a queue was not sent'),
        );
    }
  }
}

/** A topic stands for all of its destinations. */
function isOf(wanted: string, queue: string): boolean {
  return queue === wanted || queue.startsWith(`${wanted} → `);
}
