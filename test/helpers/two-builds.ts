import { basename } from 'node:path';
import { compareState } from '../../src/state/compare.js';
import { wasNameOf } from '../../src/state/model.js';
import type { Change, ChangeKind, PlanCheck, StateComparison } from '../../src/state/types.js';
import { type ElfWorkspace, elfWorkspace } from './elf-workspace.js';
import { type LoadedImage, loadImage } from './loaded-image.js';
import { type RunFinding, runPlan } from './run-plan.js';

export interface FoundByCheck extends RunFinding {
  readonly check: PlanCheck;
  readonly number: number;
}

/** Two builds of one source, both loaded, and what comparing their state says. */
export interface TwoBuilds extends AsyncDisposable {
  readonly old: LoadedImage;
  readonly now: LoadedImage;
  readonly state: StateComparison;
  readonly workspace: ElfWorkspace;
  kinds(): readonly ChangeKind[];
  change(kind: ChangeKind): Change;
  /** Carries the live values over and gives what the checks found. */
  transfer(): readonly FoundByCheck[];
}

export interface BuildTexts {
  readonly compiler?: string;
  readonly args?: readonly string[];
  readonly cpp?: boolean;
}

/** The folder that `modules/include` is found in for sources under test. */
const include = new URL('../../modules/include', import.meta.url).pathname;

export async function twoBuilds(before: string, after: string, options: BuildTexts = {}): Promise<TwoBuilds> {
  const workspace = await elfWorkspace();
  const source = options.cpp === true ? 'state.cpp' : 'state.c';
  const compiler = options.compiler ?? (options.cpp === true ? 'clang++' : 'clang');
  const args = [`-I${include}`, ...(options.args ?? [])];
  const load = async (output: string, text: string, base: number): Promise<LoadedImage> => {
    const file = await workspace.build(output, text, { compiler, source, args });
    return loadImage(file, base, { [basename(source)]: text });
  };
  const old = await load('old.so', before, 0x7f0000000000);
  const now = await load('now.so', after, 0x7f1000000000);
  const state = compareState(old.model, now.model, {
    wasName: (field) => wasNameOf(field, (_, line) => after.split('\n')[line - 1] ?? null),
  });
  return {
    old,
    now,
    state,
    workspace,
    kinds: () => state.changes.map((change) => change.kind),
    change(kind) {
      const found = state.changes.find((change) => change.kind === kind);
      if (found === undefined)
        throw new Error(`no change ${kind} among ${state.changes.map((one) => one.kind).join(', ')}`);
      return found;
    },
    transfer() {
      if (state.plan === null) throw new Error('there is no plan');
      const { findings } = runPlan(state.plan.bytes, old, now);
      return [...findings].flatMap(([number, found]): readonly FoundByCheck[] => {
        const check = state.plan?.checks[number];
        return check === undefined ? [] : [{ ...found, number, check }];
      });
    },
    [Symbol.asyncDispose]: () => workspace[Symbol.asyncDispose](),
  };
}
