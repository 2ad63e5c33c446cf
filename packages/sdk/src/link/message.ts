import type { EngineFrame, WorkerFrame } from 'iii-protocol';

/** A frame whose free-form members are JavaScript values, or `RawValue`s on their way inside one process. */
type WithValues<F> = F extends { readonly type: infer T }
  ? {
      readonly [K in keyof F]: Uint8Array extends F[K]
        ? unknown
        : F[K] extends Uint8Array | undefined
          ? unknown
          : F[K];
    } & {
      readonly type: T;
    }
  : never;

/** What a client sends. */
export type OutgoingMessage = WithValues<WorkerFrame>;

/** What a client receives. */
export type IncomingMessage = WithValues<EngineFrame>;

export type MessageOf<T extends IncomingMessage['type']> = Extract<IncomingMessage, { readonly type: T }>;
