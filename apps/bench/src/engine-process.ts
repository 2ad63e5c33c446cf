import { Engine } from 'iii-engine';
import type { DriverName } from 'iii-listener';
import { tellUsage } from './role-process.js';

const engine = new Engine();
const { port } = await engine.listen({ port: 0, driver: process.argv[2] as DriverName });
tellUsage();
process.send?.({ port });
