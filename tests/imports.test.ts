import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import ts from 'typescript';
import { describe, expect, it } from 'vitest';
import { PACKAGE_MAP } from './package-map.js';

const ROOT = path.resolve(import.meta.dirname, '..');

interface Package {
  readonly name: string;
  readonly directory: string;
  readonly dependencies: ReadonlySet<string>;
  readonly devDependencies: ReadonlySet<string>;
}

function readPackage(directory: string): Package {
  const manifest = JSON.parse(readFileSync(path.join(directory, 'package.json'), 'utf8')) as {
    name: string;
    dependencies?: object;
    peerDependencies?: object;
    devDependencies?: object;
  };
  return {
    name: manifest.name,
    directory,
    dependencies: new Set(Object.keys({ ...manifest.dependencies, ...manifest.peerDependencies })),
    devDependencies: new Set(Object.keys(manifest.devDependencies ?? {})),
  };
}

const packages = ['packages', 'apps']
  .filter((folder) => existsSync(path.join(ROOT, folder)))
  .flatMap((folder) =>
    readdirSync(path.join(ROOT, folder), { withFileTypes: true })
      .filter((entry) => entry.isDirectory())
      .map((entry) => readPackage(path.join(ROOT, folder, entry.name))),
  );
const own = new Set(packages.map(({ name }) => name));

/** Names of the packages a file imports, in any way an import can be written. */
function importsOf(file: string): string[] {
  const text = readFileSync(file, 'utf8');
  const { importedFiles } = ts.preProcessFile(text, true, true);
  const resolved = [...text.matchAll(/createRequire\([^)]*\)\s*\.resolve\('([^']+)'\)/g)].map(
    ([, specifier = '']) => specifier,
  );
  return [...importedFiles.map(({ fileName }) => fileName), ...resolved].flatMap(packageName);
}

function packageName(specifier: string): string[] {
  if (specifier.startsWith('.') || specifier.startsWith('node:')) return [];
  const parts = specifier.split('/');
  return [specifier.startsWith('@') ? parts.slice(0, 2).join('/') : (parts[0] ?? '')];
}

function sourceFiles({ directory }: Package): string[] {
  return readdirSync(directory, { recursive: true, withFileTypes: true })
    .map((entry) => path.join(entry.parentPath, entry.name))
    .filter((file) => /\.(ts|mts|mjs)$/.test(file) && !/[/\\](node_modules|dist)[/\\]/.test(file));
}

/** Files that are not shipped: tests, what they share, configuration of tools. */
function isDevelopment(file: string): boolean {
  return /(\.test\.ts|[/\\](test-support|contract)([/\\.].*)?|\.config\.ts)$/.test(file);
}

describe.each(packages)('$name', (pkg) => {
  const allowed = PACKAGE_MAP[pkg.name];

  it('is on the map', () => {
    expect(allowed).toBeDefined();
  });

  it('imports no package of this project that the map does not draw an arrow to', () => {
    const shipped = new Set([...(allowed?.imports ?? []), pkg.name]);
    const inTests = new Set([...shipped, ...(allowed?.test ?? [])]);
    for (const file of sourceFiles(pkg)) {
      const forbidden = importsOf(file).filter(
        (name) => own.has(name) && !(isDevelopment(file) ? inTests : shipped).has(name),
      );
      expect.soft(forbidden, path.relative(ROOT, file)).toEqual([]);
    }
  });

  it('declares what it imports, and declares nothing of this project that it does not', () => {
    const imported = new Set<string>();
    for (const file of sourceFiles(pkg)) {
      for (const name of importsOf(file)) {
        imported.add(name);
        if (name === pkg.name || name === 'vitest' || name === 'fast-check' || name === 'tsup') continue;
        const declared = isDevelopment(file)
          ? pkg.dependencies.has(name) || pkg.devDependencies.has(name)
          : pkg.dependencies.has(name);
        expect.soft(declared, `${path.relative(ROOT, file)} imports ${name}`).toBe(true);
      }
    }
    for (const name of [...pkg.dependencies, ...pkg.devDependencies]) {
      if (own.has(name)) expect.soft(imported, `${pkg.name} declares ${name}`).toContain(name);
    }
  });

  it('comes with a README and the licence of the project', () => {
    expect(readFileSync(path.join(pkg.directory, 'README.md'), 'utf8')).toMatch(/^# /);
    const manifest = JSON.parse(readFileSync(path.join(pkg.directory, 'package.json'), 'utf8')) as object;
    expect(manifest).toMatchObject({ license: 'Apache-2.0', engines: { node: '>=20.19' } });
  });
});

it('the map has no cycles and no packages that do not exist', () => {
  const visit = (name: string, trail: readonly string[]): void => {
    expect(own, `${name} is on the map`).toContain(name);
    expect(trail, `a cycle through ${name}`).not.toContain(name);
    for (const next of PACKAGE_MAP[name]?.imports ?? []) visit(next, [...trail, name]);
  };
  for (const name of Object.keys(PACKAGE_MAP)) visit(name, []);
});

it('the schema library is reached through iii-protocol/schema alone, where it is one file and not 250', () => {
  const direct = packages
    .filter(({ name }) => name !== 'iii-protocol')
    .flatMap(sourceFiles)
    .filter((file) => importsOf(file).includes('@sinclair/typebox'));
  expect(direct).toEqual([]);
  const dist = path.join(ROOT, 'packages/protocol/dist');
  const outside = readdirSync(dist)
    .filter((name) => name.endsWith('.js'))
    .flatMap((name) => importsOf(path.join(dist, name)));
  expect(outside).toEqual([]);
  expect(existsSync(path.join(dist, 'typebox.license'))).toBe(true);
});
