import type { ProfileTarget, RoleProcess } from '../role-process.js';
import type { Running } from '../running.js';

/** What serves `POST /echo`: `iii-*` is the subject, `gateway` the baseline (b) to keep up with, `direct` (a) is beyond reach. */
export type SetupName = 'direct' | 'gateway' | 'iii-uws' | 'iii-node';

/** Processes that serve, and where. */
export interface Serving {
  readonly port: number;
  /** Takes the requests. */
  readonly entry: RoleProcess;
  /** What it asks to answer them, where it does not do so itself. */
  readonly behind: RoleProcess | undefined;
}

export const LABELS: Readonly<Record<SetupName, string>> = {
  direct: '(a) fastify',
  gateway: '(b) fastify > HTTP > fastify',
  'iii-uws': 'iii uws > handler',
  'iii-node': 'iii node > handler',
};

export interface SetupOptions {
  readonly connections: number;
  readonly profile: ProfileTarget | undefined;
}

/** Starts the processes of a setup; `running` ends them. */
export async function serve(name: SetupName, running: Running, options: SetupOptions): Promise<Serving> {
  switch (name) {
    case 'direct':
      return { ...(await echo(running)), behind: undefined };
    case 'gateway': {
      const { port, entry: behind } = await echo(running);
      const args = [String(port), String(options.connections)];
      const entry = running.start('gateway', 'http/fastify-gateway.ts', args);
      return { ...(await entry.report<{ port: number }>()), entry, behind };
    }
    case 'iii-uws':
      return iii('uws', running, options.profile);
    case 'iii-node':
      return iii('node', running, options.profile);
  }
}

async function echo(running: Running) {
  const entry = running.start('fastify', 'http/fastify-echo.ts');
  return { ...(await entry.report<{ port: number }>()), entry };
}

async function iii(driver: 'uws' | 'node', running: Running, profile?: ProfileTarget): Promise<Serving> {
  const entry = running.start('engine', 'http/engine-process.ts', [driver], profile);
  const ports = await entry.report<{ workers: number; http: number; driver: string }>();
  if (ports.driver !== `${driver}/${driver}`) {
    throw new Error(`the engine runs on ${ports.driver} where ${driver} was asked for on both ports`);
  }
  const behind = running.start('handler', 'http/handler.ts', [`ws://127.0.0.1:${ports.workers}`]);
  await behind.report<'ready'>();
  return { port: ports.http, entry, behind };
}
