import { readConfig } from 'iii-worker';
import { describe, expect, it } from 'vitest';
import { HttpConfig } from './config.js';

const read = (given: unknown) => readConfig('iii-http', HttpConfig, given);

describe('the configuration', () => {
  it('has a default for everything', () => {
    expect(read(undefined)).toEqual({
      port: 3111,
      host: '127.0.0.1',
      driver: 'auto',
      default_timeout: 30_000,
      stream_grace: 1_000,
      cors: null,
      concurrency_request_limit: 1024,
      body_limit: 16_777_216,
      request_id_header: null,
      security_headers: false,
      middleware: [],
    });
  });

  it('has defaults inside its parts', () => {
    expect(read({ cors: {}, middleware: [{ function_id: 'f' }] })).toMatchObject({
      cors: { allowed_origins: [], allowed_methods: [] },
      middleware: [{ function_id: 'f', phase: 'preHandler', priority: 0 }],
    });
  });

  it.each([
    [{ port: '3111' }, 'port: expected an integer from 0 to 65535, not "3111"'],
    [{ port: 70_000 }, 'port: expected an integer from 0 to 65535, not 70000'],
    [{ host: '' }, 'host: expected a non-empty string, not ""'],
    [{ default_timeout: 0 }, 'default_timeout: expected an integer from 1 to 2147483647, not 0'],
    [{ concurrency_request_limit: 0 }, 'concurrency_request_limit: expected an integer of at least 1, not 0'],
    [{ body_limit: 0 }, 'body_limit: expected an integer from 1 to 67108864, not 0'],
    [{ driver: 'ws' }, 'driver: expected "auto" or "uws" or "node", not "ws"'],
    [{ cors: { allowed_origin: [] } }, 'cors: expected a mapping or null'],
    [{ cors: { allowed_origins: '*' } }, 'cors: expected a mapping or null'],
    [{ middleware: [{}] }, 'middleware[0].function_id: is required'],
    [{ middleware: [{ function_id: 'f', priorty: 1 }] }, 'Did you mean "priority"?'],
    [
      { middleware: [{ function_id: 'f', phase: 'onRequest' }] },
      'middleware[0].phase: expected "preHandler", not "onRequest"',
    ],
    [{ request_id_header: 'x request' }, 'request_id_header: expected the name of a header or null'],
    [{ request_id_header: '' }, 'request_id_header: expected the name of a header or null'],
    [{ security_headers: 'yes' }, 'security_headers: expected true or false, not "yes"'],
    [{ body_limt: 1 }, 'Did you mean "body_limit"?'],
    [{ trust_proxy: true }, 'trust_proxy: is not known'],
  ])('%j is refused: %s', (given, message) => {
    expect(() => read(given)).toThrow(message);
  });

  it('describes every member', () => {
    for (const [name, member] of Object.entries(HttpConfig.properties)) {
      expect(member.description, name).toMatch(/\.$/);
    }
  });
});
