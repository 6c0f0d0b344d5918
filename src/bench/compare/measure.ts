import { mkdtemp, realpath, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openHotmod } from './hotmod.js';
import { type Contestant, openRival, plainCommand, type Sample } from './rivals.js';
import type { Work } from './work.js';

/** What all contestants took for one work, in turns. */
export interface Measured {
  readonly work: string;
  readonly title: string;
  /** The plain command for its edited source. */
  readonly command: string;
  readonly rounds: number;
  /** The contestant that the others are compared with; empty where none of the rivals is installed. */
  readonly base: string;
  readonly goal: Work['goal'];
  /** By contestant, one sample a round; those of one round follow each other. */
  readonly samples: ReadonlyMap<string, readonly Sample[]>;
}

/**
 * Times a work. In each round every contestant has its turn, another one first each time, so that all see the same
 * machine and none always follows the same one.
 */
export async function measure(
  work: Work,
  rounds: number,
  env: Readonly<Record<string, string | undefined>>,
): Promise<Measured> {
  await using stack = new AsyncDisposableStack();
  const root = await realpath(await mkdtemp(join(tmpdir(), 'hotmod-bench-rivals-')));
  stack.defer(() => rm(root, { recursive: true, force: true, maxRetries: 3 }));
  const opened = await Promise.all(work.rivals.map((rival) => openRival(rival, work, root, env)));
  const rivals = opened.filter((one) => one !== null);
  const nextEdit = createEdits();
  const own: Contestant[] = [];
  for (const build of [{}, ...work.variants]) own.push(stack.use(await openHotmod(work, nextEdit(), env, { build })));

  const samples = await inTurns([...rivals, ...own], { rounds, warmUp: work.warmUp }, () => work.source(nextEdit()));
  for (const [name, list] of samples) {
    const doubt = list.find((one) => one.doubt !== undefined)?.doubt;
    if (doubt !== undefined) throw new Error(`${work.title}, ${name}: ${doubt}`);
  }
  const { name, title, goal } = work;
  return { work: name, title, command: plainCommand(work), rounds, base: rivals[0]?.name ?? '', goal, samples };
}

/** Tools take a while to be loaded on a busy machine; after so many rounds more they will not be. */
const mostWarmUp = 40;

/**
 * One run of each contestant a round; those of the first `warmUp` rounds do not count, nor those that follow until no
 * sample is in doubt.
 */
export async function inTurns(
  contestants: readonly Contestant[],
  { rounds, warmUp }: { readonly rounds: number; readonly warmUp: number },
  nextText: () => string | Promise<string>,
): Promise<ReadonlyMap<string, readonly Sample[]>> {
  let turn = 0;
  const round = async (): Promise<readonly Sample[]> => {
    const first = turn++ % contestants.length;
    const taken = new Map<Contestant, Sample>();
    for (const contestant of [...contestants.slice(first), ...contestants.slice(0, first)]) {
      taken.set(contestant, await contestant.run(await nextText()));
    }
    return contestants.flatMap((contestant) => taken.get(contestant) ?? []);
  };
  let inDoubt = true;
  for (let before = 0; before < warmUp || (inDoubt && before < warmUp + mostWarmUp); before++) {
    inDoubt = (await round()).some(({ doubt }) => doubt !== undefined);
    for (const contestant of contestants) await contestant.rest?.();
  }
  const samples = contestants.map(() => [] as Sample[]);
  for (let counted = 0; counted < rounds; counted++) {
    for (const [index, sample] of (await round()).entries()) samples[index]?.push(sample);
  }
  return new Map(contestants.map(({ name }, index) => [name, samples[index] ?? []]));
}

/**
 * Numbers for edits, another for each contestant and each run of this program: what one has compiled, no cache may have
 * for the next one. They fit into a C int.
 */
export function createEdits(): () => number {
  let last = Math.floor(Date.now() / 10) % 2_000_000_000;
  return () => ++last;
}
