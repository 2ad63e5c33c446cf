export { ConfigFileError, type FileProblem } from './config/config-file-error.js';
export { type LoadedPlan, loadPlan } from './config/load.js';
export { type Plan, type PlannedListener, type PlannedWorker, planFrom } from './config/plan.js';
export { prepareHeap } from './heap.js';
export { House, type HouseOptions } from './house.js';
export { Reload, type ReloadOptions } from './reload.js';
export { type ServeOptions, serve } from './serve.js';
export { VERSION } from './version.js';
