import { library } from '../../tsup.base.js';

const doors = ['src/index.ts', 'src/disk.ts', 'src/testing/index.ts'];
/** Started as processes of their own. */
const programs = ['src/probe.ts', 'src/testing/crash-writer.ts', 'src/testing/crash.ts'];

// `import.meta.url`, by which the package finds its programs, exists in CommonJS by a shim.
export default library([...doors, ...programs], { dts: { entry: doors }, shims: true });
