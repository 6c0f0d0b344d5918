import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { changedRecords } from '../../src/state/changed-records.js';
import { compareState } from '../../src/state/compare.js';
import { heldRecords } from '../../src/state/held-records.js';
import { readStateModel } from '../../src/state/model.js';
import { compareSignatures } from '../../src/state/signatures.js';
import type { StateModel } from '../../src/state/types.js';
import { describeAll } from '../helpers/describe-types.js';
import { type ElfWorkspace, elfWorkspace } from '../helpers/elf-workspace.js';
import { type RandomProject, randomProject } from '../helpers/random-project.js';
import { randomNumbers } from '../helpers/random-structs.js';

/** Many more with HOTMOD_REUSE_EDITS. */
const edits = Number(process.env.HOTMOD_REUSE_EDITS ?? 10);

interface Toolchain {
  readonly compiler: string;
  readonly args?: readonly string[];
  readonly link?: readonly string[];
  /** Enough units stay the same here; elsewhere addresses or places of texts stand in them, or they lead into each other. */
  readonly reuses: boolean;
}

const toolchains: readonly Toolchain[] = [
  { compiler: 'clang', reuses: true },
  { compiler: 'clang', link: ['-fuse-ld=lld'], reuses: true },
  { compiler: 'clang', link: ['-fuse-ld=mold'], reuses: true },
  { compiler: 'clang', args: ['-O2'], reuses: true },
  { compiler: 'clang', args: ['-gdwarf-4'], reuses: false },
  { compiler: 'clang', args: ['-flto'], link: ['-fuse-ld=lld'], reuses: false },
  { compiler: 'gcc', reuses: false },
  { compiler: 'gcc', args: ['-gdwarf-2'], reuses: false },
  { compiler: 'clang++', reuses: true },
  { compiler: 'clang++', args: ['-fstandalone-debug'], link: ['-fuse-ld=lld'], reuses: true },
  { compiler: 'clang++', args: ['-fdebug-types-section'], reuses: false },
  { compiler: 'g++', reuses: false },
  { compiler: 'g++', args: ['-fdebug-types-section'], reuses: false },
];

for (const [n, toolchain] of toolchains.entries()) {
  const name = [toolchain.compiler, ...(toolchain.args ?? []), ...(toolchain.link ?? [])].join(' ');
  test(`what is taken over from an earlier build says what reading it anew says (${name})`, {
    timeout: 600_000,
  }, async () => {
    await using work = await elfWorkspace();
    const random = randomNumbers(n * 7919 + 1);
    const project = randomProject(random, toolchain.compiler.endsWith('++'));
    let before = await build(work, project, toolchain);
    let running = read(before);
    let reused = 0;
    const done: string[] = [];
    for (let edit = 0; edit < edits; edit++) {
      done.push(project.edit());
      const after = await build(work, project, toolchain);
      const incoming = read(after, running);
      reused += incoming.debug?.reused ?? 0;
      const [oldAlone, nowAlone] = [read(before), read(after)];
      // Sometimes the older one is looked at first, and its types are read in the file of the newer one.
      if (random() < 0.5) expect(describe(running), done.join(', ')).toEqual(describe(oldAlone));
      expect(compare(running, incoming), done.join(', ')).toEqual(compare(oldAlone, nowAlone));
      expect(describe(incoming), done.join(', ')).toEqual(describe(nowAlone));
      expect(describe(running), done.join(', ')).toEqual(describe(oldAlone));
      expect(compare(incoming, running), done.join(', ')).toEqual(compare(nowAlone, oldAlone));
      // A build that was refused: the next one follows what runs.
      if (random() < 0.25) continue;
      [before, running] = [after, incoming];
    }
    if (toolchain.reuses) expect(reused).toBeGreaterThan(edits / 2);
  });
}

function read(bytes: Uint8Array, like?: StateModel): StateModel {
  return readStateModel(bytes, { sourceLine: () => null, known: like?.debug == null ? [] : [like.debug] });
}

function describe({ debug }: StateModel): readonly string[] {
  return debug === null ? [] : describeAll(debug);
}

function compare(before: StateModel, after: StateModel): unknown {
  const changed = changedRecords(before, after);
  return {
    changed,
    problems: [before.problem, after.problem],
    held: [...heldRecords(before)],
    signatures: compareSignatures(before, after),
    states: [true, false].flatMap((addressed) =>
      [true, false].map((gone) => compareState(before, after, { wasName: () => null, addressed, gone })),
    ),
  };
}

/** Compiles what changed and links all of it. */
async function build(
  work: ElfWorkspace,
  project: RandomProject,
  { compiler, args, link }: Toolchain,
): Promise<Uint8Array> {
  const files = project.files();
  const headers = [...files].filter(([name]) => name.endsWith('.h'));
  for (const [name, text] of files) await writeFile(join(work.path, name), text);
  const objects = await Promise.all(
    project.sources().map(async (name) => {
      const hash = createHash('sha256')
        .update(JSON.stringify([files.get(name), headers]))
        .digest('hex');
      const object = `${name}.${hash.slice(0, 16)}.o`;
      if (!existsSync(join(work.path, object))) {
        await work.run(compiler, '-c', '-g', '-fPIC', ...(args ?? []), '-o', object, name);
      }
      return object;
    }),
  );
  await work.run(compiler, '-shared', ...(args ?? []), ...(link ?? []), '-o', 'project.so', ...objects);
  return readFile(join(work.path, 'project.so'));
}

test('what pointers reach is asked anew where a class derived in an edited source has changed', async () => {
  await using work = await elfWorkspace();
  const header = 'struct base { virtual ~base() {} int id; };\n';
  await writeFile(join(work.path, 'base.h'), header);
  await writeFile(
    join(work.path, 'list.cpp'),
    '#include "base.h"\nstatic base *all[4];\nbase **list() { return all; }\n',
  );
  const derived = (field: string, body: number): string =>
    `#include "base.h"\nstruct tram : base { ${field} };\nbase *make() { tram *one = new tram; one->id = ${body}; return one; }\n`;
  const library = async (field: string, body: number): Promise<Uint8Array> => {
    await writeFile(join(work.path, 'tram.cpp'), derived(field, body));
    await work.run('clang++', '-g', '-fstandalone-debug', '-fPIC', '-shared', '-o', 'all.so', 'list.cpp', 'tram.cpp');
    return readFile(join(work.path, 'all.so'));
  };
  const builds = [await library('int seats;', 1), await library('int seats;', 2), await library('long seats;', 2)];
  const alone = builds.map((bytes) => read(bytes));
  const changesOf = (before: StateModel | undefined, after: StateModel | undefined): unknown =>
    before && after && compareState(before, after, { wasName: () => null, addressed: false, gone: false }).changes;

  const [first, second, third] = builds;
  if (first === undefined || second === undefined || third === undefined) throw new Error('nothing was built');
  const running = read(first);
  const next = read(second, running);
  const last = read(third, next);
  expect([next.debug?.reused, last.debug?.reused]).toEqual([2, 1]);
  expect(changesOf(running, next)).toEqual(changesOf(alone[0], alone[1]));
  expect(changesOf(next, last)).toEqual(changesOf(alone[1], alone[2]));
  expect(changesOf(next, last)).not.toEqual(changesOf(running, next));
});
