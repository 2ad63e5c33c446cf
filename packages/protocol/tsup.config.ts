import { library } from '../../tsup.base.js';

export default library(['src/index.ts', 'src/engine-functions.ts', 'src/testing.ts'], {
  platform: 'neutral',
});
