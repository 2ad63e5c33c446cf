import type { DriverName } from 'iii-listener';
import { openHouse } from '../house-process.js';
import { tellUsage } from '../role-process.js';

/** An engine with iii-state, durable as it is by default. */
const { house, directory } = await openHouse(process.argv[2] as DriverName, '  - name: iii-state\n');

tellUsage();
process.send?.({ port: house.listeners[0]?.port, directory });
