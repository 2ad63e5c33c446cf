/** The engine’s own worker that offers the `engine::*` functions (cli-config-observability.md §4.4). */
export const ENGINE_WORKER = 'iii-engine-functions';

/** The engine’s own worker that a listener for workers is listed as. */
export const LISTENER_WORKER = 'iii-worker-manager';
