import type { UpdateOp, UpdateOpError } from './types/update-ops.js';

/** What happened to a key, in the payload of `state` triggers. */
export enum StateEventType {
  Created = 'state:created',
  Updated = 'state:updated',
  Deleted = 'state:deleted',
}

export interface StateGetInput {
  scope: string;
  key: string;
}

export interface StateSetInput {
  scope: string;
  key: string;
  value: unknown;
}

export interface StateDeleteInput {
  scope: string;
  key: string;
}

export interface StateDeleteResult {
  old_value?: unknown;
}

export interface StateListInput {
  scope: string;
}

export interface StateSetResult<TData> {
  old_value?: TData;
  new_value: TData;
}

export interface StateUpdateInput {
  scope: string;
  key: string;
  ops: UpdateOp[];
}

export interface StateUpdateResult<TData> {
  old_value?: TData;
  new_value: TData;
  errors?: UpdateOpError[];
}

/** Payload of a `state` trigger. */
// biome-ignore lint/suspicious/noExplicitAny: the official types have it, and programs rely on the inference it gives
export interface StateEventData<TData = any> {
  type: 'state';
  event_type: StateEventType;
  scope: string;
  key: string;
  old_value?: TData;
  new_value?: TData;
}

/** The functions of the state worker as an interface. */
export interface IState {
  get<TData>(input: StateGetInput): Promise<TData | null>;
  set<TData>(input: StateSetInput): Promise<StateSetResult<TData> | null>;
  delete(input: StateDeleteInput): Promise<StateDeleteResult>;
  list<TData>(input: StateListInput): Promise<TData[]>;
  update<TData>(input: StateUpdateInput): Promise<StateUpdateResult<TData> | null>;
}
