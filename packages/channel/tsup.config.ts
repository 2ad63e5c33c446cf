import { library } from '../../tsup.base.js';

export default library(['src/hub.ts', 'src/ends.ts']);
