import { copyFile } from 'node:fs/promises';
import { library } from '../../tsup.base.js';

export default library(['src/index.ts', 'src/engine-functions.ts', 'src/schema.ts', 'src/testing.ts'], {
  platform: 'neutral',
  noExternal: [/^@sinclair\/typebox/],
  // What is part of the build brings its licence along.
  onSuccess: () => copyFile('node_modules/@sinclair/typebox/license', 'dist/typebox.license'),
});
