export { ManualClock } from 'iii-protocol/testing';
export { TestEngine, type TestEngineOptions } from './test-engine.js';
