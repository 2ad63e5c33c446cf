import type { RawJson } from 'iii-protocol';
import { fieldOf, groupOf } from '../data-fields.js';
import { functionLane, groupLane } from '../lane-names.js';
import type { QueueRecord } from '../store/records.js';

/** The lane of a message at a destination. Those of a fifo one that name no group are a group of their own. */
export function laneFor(destination: Extract<QueueRecord, { kind: 'destination' }>, data: RawJson): string {
  const { isFifo, groupField, namespace, functionId } = destination;
  if (!isFifo) return functionLane(namespace, functionId);
  return groupLane(groupField === undefined ? '' : (groupOf(fieldOf(data, groupField)) ?? ''));
}
