import type { Driver } from '../drivers.js';
import type { ProfileTarget, RoleProcess } from '../role-process.js';
import type { Running } from '../running.js';
import type { CallResult, CallTask } from './caller.js';
import type { ClientKind } from './client.js';

const SERVERS = { relay: 'calls/relay.ts', engine: 'engine-process.ts' } as const;

export type Server = keyof typeof SERVERS;

/** A caller and an executor with a server between them, each a process. It costs nothing while nobody calls. */
export class Line {
  private constructor(
    private readonly between: RoleProcess,
    private readonly caller: RoleProcess,
  ) {}

  /** `running` ends the processes. */
  static async open(
    server: Server,
    running: Running,
    options: {
      readonly driver: Driver;
      readonly client: ClientKind;
      readonly profile?: ProfileTarget | undefined;
    },
  ): Promise<Line> {
    const { driver, client, profile } = options;
    const between = running.start(server, SERVERS[server], [driver], profile);
    const { port } = await between.report<{ port: number }>();
    // The relay tells its clients apart by the path; the engine takes workers on `/`.
    const address = (end: string) => `ws://127.0.0.1:${port}/${server === 'relay' ? end : ''}`;
    const executor = running.start('executor', 'calls/executor.ts', [client, address('executor')]);
    await executor.report<'ready'>();
    const caller = running.start('caller', 'calls/caller.ts', [client, address('caller')]);
    await caller.report<'ready'>();
    if (server === 'relay') await between.report<'paired'>();
    return new Line(between, caller);
  }

  call(task: CallTask): Promise<CallResult> {
    return this.caller.ask<CallResult>(task);
  }

  /** As {@link call}, with what the server has used for it. */
  async measure(task: CallTask): Promise<CallResult & { readonly cpuUsPerCall: number }> {
    const before = await this.between.usage();
    const result = await this.call(task);
    const after = await this.between.usage();
    return { ...result, cpuUsPerCall: ((after.cpuMs - before.cpuMs) * 1_000) / result.calls };
  }
}
