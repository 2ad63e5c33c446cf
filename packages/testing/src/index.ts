export { ManualClock } from 'iii-protocol/testing';
export { LogBook, type LogLine } from './log-book.js';
export { refusalOf } from './refusal.js';
export { TestEngine, type TestEngineOptions } from './test-engine.js';
export { gate, settled } from './waiting.js';
