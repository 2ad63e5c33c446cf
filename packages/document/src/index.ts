export { type OperationProblem, OperationsUnreadable, operationErrors } from './errors.js';
export { OPERATION_LIMITS } from './limits.js';
export { type Operation, readOperations } from './operation.js';
export { applyOperations, type FailedOperation, type Updated } from './update.js';
