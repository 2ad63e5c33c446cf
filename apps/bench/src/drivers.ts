import { driverReport } from 'iii-listener';

export type Driver = 'uws' | 'node';

/** Those that can be used here; of others it is told why not. */
export async function usableDrivers(
  drivers: readonly Driver[],
  tell: (line: string) => void,
): Promise<readonly Driver[]> {
  const { uws } = await driverReport();
  if (uws.available || !drivers.includes('uws')) return drivers;
  tell(`uws is skipped: ${uws.reason}`);
  return drivers.filter((driver) => driver !== 'uws');
}
