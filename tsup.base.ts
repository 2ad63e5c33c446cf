import { defineConfig, type Options } from 'tsup';

/** The one build of every published package: ESM, CommonJS and declarations of both, from the given doors. */
export function library(entry: string[], options: Options = {}) {
  return defineConfig({
    entry,
    format: ['esm', 'cjs'],
    // Types are checked by `pnpm typecheck`, all at once.
    dts: { compilerOptions: { noCheck: true } },
    // Doors of one package share their chunks in both formats, so that a class is the same behind each of them.
    splitting: true,
    sourcemap: true,
    clean: true,
    target: 'node20',
    ...options,
  });
}
