import { PAYLOAD } from '../payload.js';
import { type ClientKind, connect, ECHO } from './client.js';

const [kind, address = ''] = process.argv.slice(2);
const answer: unknown = JSON.parse(PAYLOAD);
connect(kind as ClientKind, address, 'executor').registerFunction(ECHO, async () => answer);
process.on('disconnect', () => process.exit());
process.send?.('ready');
