import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { debianProgram, type Execute } from './debian-package.js';

let cache: string;

beforeEach(() => {
  cache = path.join(mkdtempSync(path.join(os.tmpdir(), 'iii-bench-test-')), 'cache');
});

afterEach(() => rmSync(path.dirname(cache), { recursive: true }));

/** An archive that has `server`, which needs `library`; both fall out of their packages as files. */
class Archive {
  readonly asked: string[] = [];
  listsAreStale = false;
  program = 'usr/sbin/server';

  readonly execute: Execute = async (file, args, cwd) => {
    const line = [file, ...args].join(' ');
    this.asked.push(line);
    const ownLists = line.includes('Dir::State::Lists=');
    if (line.includes('--simulate')) {
      return line.endsWith(' server')
        ? 'Reading package lists...\nInst library (1.2 Debian:12 [amd64])\nInst server (3 Debian:12 [amd64])\nConf server\n'
        : refuse(`E: Unable to locate package ${args.at(-1)}`);
    }
    if (line.includes(' download ')) {
      if (this.listsAreStale && !ownLists) refuse('W: something else\nE: 404  Not Found\n');
      for (const name of args.slice(args.indexOf('download') + 1))
        writeFileSync(path.join(cwd, `${name}_1.deb`), '');
    }
    if (file === 'dpkg-deb') {
      const [, deb = '', root = ''] = args;
      const place = path.basename(deb).startsWith('server')
        ? this.program
        : 'usr/lib/x86_64-linux-gnu/library.so';
      mkdirSync(path.dirname(path.join(root, place)), { recursive: true });
      writeFileSync(path.join(root, place), '');
    }
    return '';
  };
}

function refuse(stderr: string): never {
  throw Object.assign(new Error('Command failed'), { stderr, code: 100 });
}

describe('a program of a Debian package', () => {
  it('is unpacked with the packages it needs, and knows its libraries', async () => {
    const { execute } = new Archive();
    const home = path.join(cache, 'server');
    expect(await debianProgram('server', { cache, execute })).toEqual({
      file: path.join(home, 'usr/sbin/server'),
      env: { LD_LIBRARY_PATH: path.join(home, 'usr/lib/x86_64-linux-gnu') },
    });
    expect(readdirSync(cache)).toEqual(['server']);
  });

  it('is fetched once', async () => {
    const archive = new Archive();
    const first = await debianProgram('server', { cache, execute: archive.execute });
    const commands = archive.asked.length;
    expect(await debianProgram('server', { cache, execute: archive.execute })).toEqual(first);
    expect(archive.asked).toHaveLength(commands);
  });

  it('is found with lists of its own where those of the machine are stale', async () => {
    const archive = new Archive();
    archive.listsAreStale = true;
    expect(await debianProgram('server', { cache, execute: archive.execute })).toHaveProperty('file');
    const update = archive.asked.find((line) => line.endsWith(' update'));
    expect(update).toContain(`Dir::State::Lists=${cache}`);
  });

  it('that two runs fetch at the same time is there for both, and whole', async () => {
    const { execute } = new Archive();
    const [one, two] = await Promise.all([
      debianProgram('server', { cache, execute }),
      debianProgram('server', { cache, execute }),
    ]);
    expect(one).toEqual(two);
    expect(readdirSync(cache)).toEqual(['server']);
  });

  it('that the archive does not have is missing, in the words of apt-get, and leaves nothing behind', async () => {
    const { execute } = new Archive();
    expect(await debianProgram('none', { cache, execute })).toEqual({
      missing: 'none cannot be fetched: E: Unable to locate package none',
    });
    expect(readdirSync(cache)).toEqual([]);
  });

  it('is missing where there is no apt-get', async () => {
    const execute: Execute = async (file) => {
      throw Object.assign(new Error(`spawn ${file} ENOENT`), { code: 'ENOENT', path: file });
    };
    expect(await debianProgram('server', { cache, execute })).toEqual({
      missing: 'server cannot be fetched: there is no apt-get on this machine',
    });
  });

  it('is missing when its package turns out not to hold it', async () => {
    const archive = new Archive();
    archive.program = 'usr/share/doc/server';
    const home = path.join(cache, 'server');
    expect(await debianProgram('server', { cache, execute: archive.execute })).toEqual({
      missing: `the Debian package server brought no program server; remove ${home} to fetch it anew`,
    });
    expect(existsSync(home)).toBe(true);
  });
});
