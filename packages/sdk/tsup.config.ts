import { library } from '../../tsup.base.js';

export default library([
  'src/index.ts',
  'src/stream.ts',
  'src/state.ts',
  'src/queue.ts',
  'src/helpers.ts',
  'src/channel.ts',
  'src/internal.ts',
  'src/trigger.ts',
  'src/runtime.ts',
  'src/errors.ts',
  'src/engine.ts',
  'src/protocol.ts',
  'src/link.ts',
]);
