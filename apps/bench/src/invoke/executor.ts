import { type ClientKind, serve } from './clients.js';

const [kind, line = '', address = ''] = process.argv.slice(2);
process.on('disconnect', () => process.exit());
process.send?.({ address: await serve(kind as ClientKind, line, address) });
