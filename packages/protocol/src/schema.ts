/**
 * The schema library of this project. It comes as some 250 files, which take more time to load than all else an engine
 * or a worker consists of; here it is one.
 */
export * from '@sinclair/typebox';
export { TypeCompiler } from '@sinclair/typebox/compiler';
export { Value, type ValueError, ValueErrorType } from '@sinclair/typebox/value';
