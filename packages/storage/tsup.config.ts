import { library } from '../../tsup.base.js';

// `import.meta.url`, by which the package finds its own files, exists in CommonJS by a shim.
export default library(['src/index.ts', 'src/probe.ts'], { shims: true });
