import { registerWorker } from 'iii-sdk';

const [address = '', bindings = ''] = process.argv.slice(2);
const worker = registerWorker(address, { workerName: 'subscriber', otel: { enabled: false } });
for (let n = 0; n < Number(bindings); n++) {
  worker.registerFunction(`subscriber::f${n}`, async () => null);
  worker.registerTrigger({ type: 'bench-event', function_id: `subscriber::f${n}`, config: {} });
}
process.on('disconnect', () => process.exit());
await worker.ready();
process.send?.('bound');
