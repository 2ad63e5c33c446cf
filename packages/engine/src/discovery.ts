import { EngineTrigger, type RawJson, rawFromMixed, rawFromValue, type Timer } from 'iii-protocol';
import { functionSummary } from './builtins/function-rows.js';
import { ENGINE_WORKER } from './builtins/worker-names.js';
import { defined } from './defined.js';
import type { Surroundings } from './options.js';
import type { FunctionTable } from './routing/function-table.js';
import type { Router } from './routing/router.js';
import type { Binding } from './triggers/binding.js';
import type { EngineTriggerProvider } from './triggers/trigger-type.js';
import type { Triggers } from './triggers/triggers.js';

/** What happened to a connection (protocol.md §10.2). */
export type WorkerEvent = 'worker_connected' | 'worker_metadata_updated' | 'worker_disconnected';

/** Calls the functions bound to the engine’s own trigger types when workers and functions come and go (§10). */
export class Discovery {
  readonly #functionBindings = new Set<Binding>();
  readonly #workerBindings = new Set<Binding>();
  #timer: Timer | undefined;
  #state: 'open' | 'closed' = 'open';

  constructor(
    private readonly env: Surroundings,
    private readonly functions: FunctionTable,
    private readonly router: Router,
  ) {}

  register(triggers: Triggers): void {
    triggers.placement.addEngineType(
      EngineTrigger.FunctionsAvailable,
      {
        description: 'Fires when functions appear, change or disappear, with the list of all functions.',
        configFormat: ANY_OBJECT,
      },
      collectInto(this.#functionBindings),
    );
    triggers.placement.addEngineType(
      EngineTrigger.WorkersAvailable,
      {
        description: 'Fires when a worker connects, announces itself or disconnects.',
        configFormat: ANY_OBJECT,
      },
      collectInto(this.#workerBindings),
    );
  }

  /** Reported after a pause, so that a worker with a hundred functions is one event. */
  functionsChanged(): void {
    if (this.#timer !== undefined || this.#state === 'closed') return;
    this.#timer = this.env.clock.setTimeout(() => {
      this.#timer = undefined;
      this.#announceFunctions();
    }, this.env.limits.functionsAvailableDebounceMs);
  }

  workerChanged(event: WorkerEvent, workerId: string): void {
    if (this.#workerBindings.size === 0 || this.#state === 'closed') return;
    this.#fire(this.#workerBindings, rawFromValue({ event, worker_id: workerId }));
  }

  close(): void {
    this.#state = 'closed';
    if (this.#timer !== undefined) this.env.clock.clearTimeout(this.#timer);
  }

  #announceFunctions(): void {
    if (this.#functionBindings.size === 0) return;
    const functions = [...this.functions.entries()].map(functionSummary);
    this.#fire(this.#functionBindings, rawFromMixed({ event: 'functions_changed', functions }));
  }

  #fire(bindings: ReadonlySet<Binding>, data: RawJson): void {
    for (const { definition } of [...bindings]) {
      const { functionId, namespace, metadata } = definition;
      void this.router.call({ functionId, namespace, data, ...defined({ metadata }) }).then(({ error }) => {
        if (error === undefined) return;
        this.env.log.debug(
          { trigger_id: definition.id, function_id: functionId, code: error.code },
          `a discovery trigger failed: ${error.message}`,
        );
      });
    }
  }
}

const ANY_OBJECT = rawFromValue({ type: 'object' });

function collectInto(bindings: Set<Binding>): EngineTriggerProvider {
  return {
    workerName: ENGINE_WORKER,
    register: (binding) => void bindings.add(binding),
    unregister: (binding) => void bindings.delete(binding),
  };
}
