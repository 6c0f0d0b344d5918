import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { execa } from 'execa';
import type { RivalName, Work } from './work.js';

/** One way from a text to a library: all are timed in turns. */
export interface Contestant {
  readonly name: string;
  run(text: string): Promise<Sample>;
  /** Lets it do what it does between edits; called after the rounds that do not count. */
  rest?(): Promise<void>;
}

export interface Sample {
  readonly ms: number;
  /** Where the milliseconds went, where the contestant tells; by name, in the order in which they come. */
  readonly phases?: Readonly<Record<string, number>>;
  /** Whether the compiler took the headers from what was precompiled; left out where that cannot be. */
  readonly precompiled?: boolean;
  /** Why it does not say what it is measured for; left out where it does. */
  readonly doubt?: string;
}

/** The phases of the samples that tell any. */
export function phasesIn(samples: readonly Sample[]): readonly Readonly<Record<string, number>>[] {
  return samples.flatMap(({ phases }) => (phases === undefined ? [] : [phases]));
}

type Environment = Readonly<Record<string, string | undefined>>;

/**
 * A folder of its own with the work's files, in which one command builds the library. Null where the program is not
 * installed. Only the command is timed, not the writing of the text.
 */
export async function openRival(
  rival: RivalName,
  work: Work,
  root: string,
  env: Environment,
): Promise<Contestant | null> {
  const [program, ...args] = commandOf(rival, work, await sourcesOf(work));
  const options = { env, extendEnv: false, stdin: 'ignore', stdout: 'ignore' } as const;
  const there = await execa(program, ['--version'], { ...options, reject: false });
  if (there.failed) return null;
  const dir = join(root, rival);
  await mkdir(dir, { recursive: true });
  const files = { ...(await work.files()), ...buildFile(rival, work, await sourcesOf(work)) };
  for (const [name, text] of Object.entries(files)) await writeFile(join(dir, name), text);
  return {
    name: rival,
    async run(text) {
      await writeFile(join(dir, work.edited), text);
      const start = performance.now();
      await execa(program, args, { ...options, cwd: dir });
      return { ms: performance.now() - start };
    },
  };
}

async function sourcesOf(work: Work): Promise<readonly string[]> {
  const names = [...Object.keys(await work.files()), work.edited];
  return names.filter((name) => /\.(?:c|cpp)$/.test(name)).sort();
}

function commandOf(rival: RivalName, work: Work, sources: readonly string[]): readonly [string, ...string[]] {
  if (rival === 'make') return ['make', '-s', '-j4'];
  return rival === 'ninja' ? ['ninja'] : [work.compiler, ...plainArgs(work, sources)];
}

function plainArgs({ flags }: Work, sources: readonly string[]): readonly string[] {
  return ['-shared', '-fPIC', '-g', '-O0', ...flags, ...sources, '-o', 'lib.so'];
}

/** The plain command as a person types it. */
export function plainCommand(work: Work): string {
  return [work.compiler, ...plainArgs(work, [work.edited])].join(' ');
}

/** One source: the plain command as the only step. Several: an object each, with its headers, and a link. */
function buildFile(rival: RivalName, work: Work, sources: readonly string[]): Readonly<Record<string, string>> {
  if (rival === 'plain') return {};
  const build = rival === 'make' ? makefile : ninjaFile;
  return { [rival === 'make' ? 'Makefile' : 'build.ninja']: build(work, sources) };
}

function makefile(work: Work, sources: readonly string[]): string {
  const [only = ''] = sources;
  const plain = `${work.compiler} ${plainArgs(work, sources).join(' ')}`;
  if (sources.length === 1) return `lib.so: ${only}\n\t${plain}\n`;
  const objects = sources.map(objectOf).join(' ');
  return `OBJECTS = ${objects}
lib.so: $(OBJECTS)
\t${work.compiler} -shared $(OBJECTS) -o lib.so
%.o: %.c
\t${work.compiler} ${objectFlags(work).join(' ')} -MMD -c $< -o $@
-include *.d
`;
}

function ninjaFile(work: Work, sources: readonly string[]): string {
  const [only = ''] = sources;
  const plain = `${work.compiler} ${plainArgs(work, ['$in']).join(' ')}`;
  if (sources.length === 1) return `rule lib\n  command = ${plain}\nbuild lib.so: lib ${only}\n`;
  const compile = `${work.compiler} ${objectFlags(work).join(' ')} -MMD -MF $out.d -c $in -o $out`;
  return `rule compile
  command = ${compile}
  depfile = $out.d
  deps = gcc
rule link
  command = ${work.compiler} -shared $in -o $out
${sources.map((source) => `build ${objectOf(source)}: compile ${source}\n`).join('')}build lib.so: link ${sources.map(objectOf).join(' ')}
`;
}

function objectFlags({ flags }: Work): readonly string[] {
  return ['-fPIC', '-g', '-O0', ...flags];
}

function objectOf(source: string): string {
  return source.replace(/\.c$/, '.o');
}
