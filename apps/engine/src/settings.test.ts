import { describe, expect, it } from 'vitest';
import { planFrom } from './config/plan.js';
import { engineOptions, fixedSettingsThatDiffer } from './settings.js';

const rootOf = (text: string) => planFrom(text, 'config.yaml', {}, '1.0.0').root;

describe('settings for the engine', () => {
  it('are those of the configuration', () => {
    const root = rootOf(
      'routing: { replicas: latest }\nliveness_ms: 9000\nlimits: { max_in_flight: 7 }\n' +
        'channel: { spool_limit: 1GiB, spool_directory: /var/spool/iii, attach_timeout_ms: 60000 }\n',
    );
    expect(engineOptions(root)).toMatchObject({
      replicas: 'latest',
      limits: { livenessMs: 9_000, maxInFlight: 7 },
      channels: { spoolLimitBytes: 1024 ** 3, spoolDirectory: '/var/spool/iii', attachTimeoutMs: 60_000 },
    });
  });

  it('of channels are left to the engine where the configuration says nothing', () => {
    expect(engineOptions(rootOf('')).channels).toEqual({});
  });

  it('that only a new engine can take are named', () => {
    const changed = rootOf(
      'limits: { max_in_flight: 7 }\nshutdown_grace_ms: 1\nchannel: { spool_limit: 5 }\n',
    );
    expect(fixedSettingsThatDiffer(rootOf(''), changed)).toEqual([
      'limits.max_in_flight',
      'channel.spool_limit',
    ]);
  });
});
