import { Engine } from 'iii-engine';
import type { DriverName } from 'iii-listener';
import { prepareHeap } from 'iii-server';
import { tellUsage } from './role-process.js';

// As `iii` does.
prepareHeap();
const engine = new Engine();
const { port } = await engine.listen({ port: 0, driver: process.argv[2] as DriverName });
tellUsage();
process.send?.({ port });
