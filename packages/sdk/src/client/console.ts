/* biome-ignore-all lint/suspicious/noConsole: the official client writes these lines here, and people look for them */

/** Where a client says what nobody waits for (sdk-node.md §16). */
export const clientConsole = {
  problem(message: string, error: unknown): void {
    console.error(`[iii] ${message}`, error);
  },
  retrying(delayMs: number, attempt: number): void {
    console.debug(`[iii] Reconnecting in ${delayMs}ms (attempt ${attempt})...`);
  },
  registered(workerId: string): void {
    console.debug(`[iii] Worker registered with ID: ${workerId}`);
  },
  triggerFailed(id: string, triggerType: string, message: string): void {
    console.error(`[iii] Trigger registration failed for "${id}" (${triggerType}): ${message}`);
  },
  functionRejected(functionId: string, namespace: string, owner: string): void {
    const by = owner === '' ? 'the engine itself' : `worker ${owner}`;
    console.warn(
      `[iii] Function registration rejected: function "${functionId}" in namespace "${namespace}" is already ` +
        `exported by ${by}. The worker stays connected and keeps serving its other functions.`,
    );
  },
};

export type ClientConsole = typeof clientConsole;
