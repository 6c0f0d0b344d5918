import { readdir, readFile } from 'node:fs/promises';
import { dirname, join, normalize } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { packageRoot } from '../src/paths.js';

/** A source file, the files of ours it imports (types included), and the packages it imports. */
interface Source {
  readonly name: string;
  readonly imports: readonly string[];
  readonly typeImports: readonly string[];
  readonly packages: readonly string[];
}

let sources: readonly Source[] = [];

beforeAll(async () => {
  const src = join(packageRoot, 'src');
  const names = (await readdir(src, { recursive: true })).filter((name) => /\.tsx?$/.test(name));
  sources = await Promise.all(names.map(async (name) => read(name, await readFile(join(src, name), 'utf8'))));
});

function read(name: string, given: string): Source {
  // Imports that stand in a comment, as an example, are none.
  const text = given.replaceAll(/\/\*.*?\*\//gs, '');
  const imports: string[] = [];
  const typeImports: string[] = [];
  const packages: string[] = [];
  const pattern = /^(?:import|export)\s+(type\s)?[^'"]*?from\s+'([^']+)'|^import\s+'([^']+)'|import\('([^']+)'\)/gms;
  for (const [, type, from, bare, lazy] of text.matchAll(pattern)) {
    const target = from ?? bare ?? lazy ?? '';
    if (!target.startsWith('.')) {
      packages.push(target);
      continue;
    }
    const file = normalize(join(dirname(name), target)).replace(/\.js$/, '');
    (type === undefined ? imports : typeImports).push(file);
  }
  return { name, imports, typeImports, packages };
}

const stem = (name: string): string => name.replace(/\.tsx?$/, '');
const folder = (name: string): string => (name.includes('/') ? (name.split('/')[0] ?? '') : stem(name));

/** The files outside `allowed` that import a package. */
function strangers(name: string, allowed: (file: string) => boolean): readonly string[] {
  return sources
    .filter((source) => source.packages.some((one) => one === name || one.startsWith(`${name}/`)))
    .map((source) => source.name)
    .filter((file) => !allowed(file));
}

describe('the import rules', () => {
  test('the sources were found and read', () => {
    expect(sources.length).toBeGreaterThan(100);
    expect(sources.find((source) => source.name === 'cli.ts')?.packages).toContain('commander');
  });

  test('no file imports itself over others, not for a type either', () => {
    const edges = new Map(sources.map(({ name, imports, typeImports }) => [stem(name), [...imports, ...typeImports]]));
    const done = new Set<string>();
    const cycles: string[] = [];
    const visit = (name: string, path: readonly string[]): void => {
      if (path.includes(name)) {
        cycles.push([...path.slice(path.indexOf(name)), name].join(' -> '));
        return;
      }
      if (done.has(name)) return;
      for (const next of edges.get(name) ?? []) visit(next, [...path, name]);
      done.add(name);
    };
    for (const name of edges.keys()) visit(name, []);
    expect(cycles).toEqual([]);
  });

  test('stages do not import each other, the session, a command or a view', () => {
    const stages = [
      'watch',
      'build',
      'validate',
      'assess',
      'reload',
      'objfile',
      'debuginfo',
      'layout',
      'state',
      'journal',
    ];
    // The only steps in the one-way flow that one stage may know of another.
    const allowed = new Set([
      'validate -> objfile',
      'reload -> assess',
      // The verdict judges what the comparison of two builds found.
      'assess -> state',
      'assess -> debuginfo',
      'debuginfo -> objfile',
      'layout -> debuginfo',
      'state -> objfile',
      'state -> debuginfo',
      'state -> layout',
    ]);
    const forbidden = [
      ...stages,
      'session',
      'commands',
      'view',
      'ui',
      'report',
      'cli',
      'main',
      'cases',
      'demo',
      'control',
    ];
    const wrong: string[] = [];
    for (const source of sources.filter((one) => stages.includes(folder(one.name)))) {
      for (const target of [...source.imports, ...source.typeImports]) {
        const [from, to] = [folder(source.name), folder(target)];
        if (from === to || allowed.has(`${from} -> ${to}`) || !forbidden.includes(to)) continue;
        wrong.push(`${source.name} -> ${target}`);
      }
    }
    expect(wrong).toEqual([]);
  });

  test('the reader of object files knows nothing but itself', () => {
    const wrong = sources
      .filter((source) => folder(source.name) === 'objfile')
      .flatMap((source) => [...source.imports, ...source.typeImports].filter((target) => folder(target) !== 'objfile'));
    expect(wrong).toEqual([]);
  });

  test('reading types knows nothing of hot reload, and each part only those below it', () => {
    const below: Readonly<Record<string, readonly string[]>> = {
      debuginfo: ['objfile'],
      layout: ['debuginfo', 'text'],
      state: ['layout', 'debuginfo', 'objfile'],
      values: ['state', 'layout', 'debuginfo', 'text'],
      call: ['layout', 'debuginfo', 'objfile', 'errors', 'host', 'text'],
    };
    // Plain JSON is a word that everybody may use.
    const words = ['report/cases/types', 'events/json'];
    const wrong = sources.flatMap((source) =>
      [...source.imports, ...source.typeImports]
        .filter((target) => {
          const allowed = below[folder(source.name)];
          const same = folder(target) === folder(source.name) || words.includes(target);
          return allowed !== undefined && !same && !allowed.includes(folder(target));
        })
        .map((target) => `${source.name} -> ${target}`),
    );
    expect(wrong).toEqual([]);
  });

  test('views know the events and nothing of the session', () => {
    const allowed = new Set(['view', 'ui', 'events', 'files', 'text']);
    const wrong = sources
      .filter((source) => folder(source.name) === 'view' || folder(source.name) === 'ui')
      .flatMap((source) =>
        [...source.imports, ...source.typeImports]
          .filter((target) => !allowed.has(folder(target)))
          .map((target) => `${source.name} -> ${target}`),
      );
    expect(wrong).toEqual([]);
  });

  test('the host process knows nothing of the conductor', () => {
    const allowed = new Set(['host', 'config', 'events', 'errors', 'paths', 'files']);
    const wrong = sources
      .filter((source) => folder(source.name) === 'host')
      .flatMap((source) =>
        [...source.imports, ...source.typeImports]
          .filter((target) => !allowed.has(folder(target)))
          .map((target) => `${source.name} -> ${target}`),
      );
    expect(wrong).toEqual([]);
  });

  test('each package is used where it belongs and nowhere else', () => {
    expect(strangers('ffi-rs', (file) => file === 'host/engine.ts')).toEqual([]);
    expect(strangers('ink', (file) => file.startsWith('ui/'))).toEqual([]);
    expect(strangers('react', (file) => file.startsWith('ui/'))).toEqual([]);
    expect(strangers('chokidar', (file) => file.startsWith('watch/'))).toEqual([]);
    expect(strangers('commander', (file) => file === 'cli.ts')).toEqual([]);
    expect(strangers('pino', (file) => file === 'log.ts')).toEqual([]);
    expect(strangers('node:sqlite', (file) => file === 'journal/sqlite.ts')).toEqual([]);
    expect(strangers('diff', (file) => file === 'commands/history-diff.ts')).toEqual([]);
    const starters = new Set(['build/run.ts', 'host/engine-build.ts', 'toolchain/run-tool.ts', 'commands/doctor.ts']);
    expect(strangers('execa', (file) => starters.has(file) || /^(bench|chaos|fuzz)\//.test(file))).toEqual([]);
    // The host: execa would signal it when this process ends, and it could not clean up after us.
    // Loaded tools: their requests and answers are bytes that go on for as long as they live.
    const spawners = new Set(['host/process.ts', 'build/warm/process.ts']);
    expect(strangers('node:child_process', (file) => spawners.has(file))).toEqual([]);
  });

  test('the database is opened in one file only, which keeps its warning from the terminal', async () => {
    const openers: string[] = [];
    for (const { name } of sources) {
      const text = await readFile(join(packageRoot, 'src', name), 'utf8');
      if (/getBuiltinModule|require\(|new DatabaseSync/.test(text)) openers.push(name);
    }
    expect(openers).toEqual(['journal/sqlite.ts']);
  });

  test('only main.ts and a forced end of dev end the process', async () => {
    const enders: string[] = [];
    for (const { name } of sources) {
      const text = await readFile(join(packageRoot, 'src', name), 'utf8');
      if (/\bprocess\.exit\(\)?(?!.*['`])/.test(text)) enders.push(name);
    }
    expect(enders.sort()).toEqual(['bench/main.ts', 'commands/dev.ts', 'main.ts']);
  });

  test('only main.ts reads the environment of the process', async () => {
    const readers: string[] = [];
    for (const { name } of sources) {
      const text = await readFile(join(packageRoot, 'src', name), 'utf8');
      if (/process\.env\b|\benv \} = process|, env[ ,}].*= process/.test(text)) readers.push(name);
    }
    // React looks at NODE_ENV by itself; ui/production.ts sets it around the import and nothing else.
    const allowed = new Set(['main.ts', 'ui/production.ts', 'bench/main.ts', 'chaos/main.ts', 'fuzz/main.ts']);
    expect(readers.filter((name) => !allowed.has(name))).toEqual([]);
  });
});
