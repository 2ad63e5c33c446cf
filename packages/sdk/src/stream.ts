import type { UpdateOp, UpdateOpError } from './types/update-ops.js';

interface StreamItemInput {
  stream_name: string;
  group_id: string;
  item_id: string;
}

interface StreamWriteResult<TData> {
  old_value?: TData;
  new_value: TData;
}

/** A stream kept by the program itself: register it with `createStream`. */
export interface IStream<TData> {
  get(input: StreamItemInput): Promise<TData | null>;
  set(input: StreamItemInput & { data: TData }): Promise<StreamWriteResult<TData> | null>;
  delete(input: StreamItemInput): Promise<{ old_value?: unknown }>;
  list(input: { stream_name: string; group_id: string }): Promise<TData[]>;
  listGroups(input: { stream_name: string }): Promise<string[]>;
  update(
    input: StreamItemInput & { ops: UpdateOp[] },
  ): Promise<(StreamWriteResult<TData> & { errors?: UpdateOpError[] }) | null>;
}
