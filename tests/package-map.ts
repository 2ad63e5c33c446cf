/**
 * Who may import whom, as drawn in the map of packages. `test` is what a package’s tests may import besides.
 * Anything not listed may not be imported.
 */
export const PACKAGE_MAP: Readonly<
  Record<string, { readonly imports: readonly string[]; readonly test?: readonly string[] }>
> = {
  'iii-protocol': { imports: [] },
  'iii-listener': { imports: [] },
  'iii-channel': { imports: ['iii-protocol'] },
  'iii-engine': { imports: ['iii-protocol', 'iii-listener', 'iii-channel'] },
  'iii-sdk': { imports: ['iii-protocol', 'iii-channel'] },
  'iii-storage': { imports: [] },
  'iii-document': { imports: ['iii-protocol'] },
  'iii-worker': { imports: ['iii-protocol', 'iii-sdk', 'iii-storage'] },
  'iii-cli': { imports: ['iii-protocol', 'iii-sdk'], test: ['iii-testing', 'iii-queue'] },
  'iii-http': {
    imports: ['iii-protocol', 'iii-listener', 'iii-sdk', 'iii-worker'],
    test: ['iii-testing'],
  },
  'iii-state': {
    imports: ['iii-protocol', 'iii-document', 'iii-storage', 'iii-sdk', 'iii-worker'],
    test: ['iii-testing'],
  },
  'iii-stream': {
    imports: ['iii-protocol', 'iii-document', 'iii-listener', 'iii-sdk', 'iii-storage', 'iii-worker'],
    test: ['iii-testing'],
  },
  'iii-pubsub': { imports: ['iii-protocol', 'iii-sdk', 'iii-worker'], test: ['iii-testing'] },
  'iii-cron': { imports: ['iii-protocol', 'iii-sdk', 'iii-storage', 'iii-worker'], test: ['iii-testing'] },
  'iii-queue': {
    imports: ['iii-protocol', 'iii-sdk', 'iii-storage', 'iii-worker'],
    test: ['iii-testing'],
  },
  'iii-server': {
    imports: [
      ...['iii-protocol', 'iii-listener', 'iii-engine', 'iii-sdk', 'iii-storage', 'iii-worker', 'iii-cli'],
      ...['iii-http', 'iii-state', 'iii-stream', 'iii-queue', 'iii-pubsub', 'iii-cron'],
    ],
  },
  'iii-quickstart': { imports: ['iii-sdk', 'iii-server'] },
  'iii-conformance': { imports: ['iii-listener', 'iii-http', 'iii-queue', 'iii-sdk', 'iii-server'] },
  'iii-bench': { imports: ['iii-engine', 'iii-listener', 'iii-sdk', 'iii-server'] },
  'iii-testing': { imports: ['iii-protocol', 'iii-engine', 'iii-sdk', 'iii-worker'] },
};
