import { registerWorker } from 'official-iii-sdk';

export type OfficialClient = ReturnType<typeof registerWorker>;
export type OfficialOptions = NonNullable<Parameters<typeof registerWorker>[1]>;

/** A client of the official package, without telemetry and quick to reconnect. */
export function registerOfficial(url: string, name: string, options: OfficialOptions = {}): OfficialClient {
  return registerWorker(url, {
    workerName: name,
    otel: { enabled: false },
    reconnectionConfig: { initialDelayMs: 20, maxDelayMs: 200 },
    ...options,
  });
}

/** Resolves once the function is offered, as its callers would see it. */
export async function offered(client: OfficialClient, id: string, isOffered = true): Promise<void> {
  for (;;) {
    const { functions } = await client.trigger<object, { functions: Array<{ function_id: string }> }>({
      function_id: 'engine::functions::list',
      payload: { include_internal: true },
    });
    if (functions.some(({ function_id }) => function_id === id) === isOffered) return;
    await new Promise((resolve) => setImmediate(resolve));
  }
}
