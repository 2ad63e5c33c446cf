import type { DriverName } from 'iii-listener';
import { openHouse } from '../house-process.js';
import { tellUsage } from '../role-process.js';

/** An engine with iii-http, both on one driver. */
const driver = process.argv[2] as DriverName;
const { house } = await openHouse(driver, `  - name: iii-http\n    config: { port: 0, driver: ${driver} }\n`);
const [workers] = house.listeners;
const [http] = house.endpoints;

tellUsage();
process.send?.({
  driver: `${workers?.driver}/${http?.driver}`,
  workers: workers?.port,
  http: Number(http?.address.split(':').at(-1)),
});
