import { compareAndSetFunction } from './compare-and-set.js';
import { deleteFunction } from './delete.js';
import { getFunction } from './get.js';
import { listFunction } from './list.js';
import { listGroupsFunction } from './list-groups.js';
import { scanFunction } from './scan.js';
import { setFunction } from './set.js';
import type { StateFunction } from './state-function.js';
import { transactionFunction } from './transaction.js';
import { updateFunction } from './update.js';

/** Every function of the worker. */
export const STATE_FUNCTIONS: readonly StateFunction[] = [
  setFunction,
  getFunction,
  deleteFunction,
  updateFunction,
  listFunction,
  listGroupsFunction,
  scanFunction,
  compareAndSetFunction,
  transactionFunction,
];
