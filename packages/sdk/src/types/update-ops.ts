/** One segment, or literal nested segments; dots do not separate. Omitted, `''` and `[]` mean the whole value. */
export type MergePath = string | string[];

export interface UpdateSet {
  type: 'set';
  /** `''` is the whole value. */
  path: string;
  value: unknown;
}
export interface UpdateIncrement {
  type: 'increment';
  path: string;
  by: number;
}
export interface UpdateDecrement {
  type: 'decrement';
  path: string;
  by: number;
}
export interface UpdateAppend {
  type: 'append';
  path?: MergePath;
  value: unknown;
}
export interface UpdateRemove {
  type: 'remove';
  path: string;
}
export interface UpdateMerge {
  type: 'merge';
  path?: MergePath;
  value: unknown;
}

export type UpdateOp =
  | UpdateSet
  | UpdateIncrement
  | UpdateDecrement
  | UpdateAppend
  | UpdateRemove
  | UpdateMerge;

/** Why one operation of an update had no effect. */
export interface UpdateOpError {
  op_index: number;
  code: string;
  message: string;
  doc_url?: string;
}
