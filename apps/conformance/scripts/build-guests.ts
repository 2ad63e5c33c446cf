/** Gets the official clients of other languages ready for their tests; Rust takes minutes the first time. */
import { prepareGuest } from '../src/guests.js';

for (const language of ['python', 'rust'] as const) {
  process.stdout.write(`${language}: preparing\n`);
  const guest = await prepareGuest(language, true);
  process.stdout.write(`${language}: ${guest.available ? 'ready' : guest.reason}\n`);
}
