import { exitCode, HotmodError } from '../errors.js';
import type { Cpu } from '../target/architectures.js';
import { cpuTarget } from '../target/cpu.js';
import type { Target } from '../target/targets.js';
import { didYouMean } from '../text/nearest.js';
import type { Overrides } from './environment.js';
import type { UserConfig } from './schema.js';

/** The target whose modules run comes first; for the others modules are built and judged. */
export type ResolvedTargets = readonly [Target, ...Target[]];

/**
 * What `target` or `targets` and `cpu` say together. Flags and variables name several targets with commas between them.
 *
 * @throws HotmodError HM108 no such target, or one named twice; HM125 no such processor; HM126 `native` for a machine that
 *   is not this one
 */
export function resolveTargets(
  given: Overrides,
  config: UserConfig,
  known: ReadonlyMap<string, Target>,
): ResolvedTargets {
  const names = given.target?.split(',') ?? config.targets ?? [config.target ?? 'native'];
  const found = names.map((name) => resolveTarget(name.trim(), known));
  const twice = found.find((one, at) => found.indexOf(one) !== at);
  if (twice !== undefined) throw usage('HM108', `The target "${twice.name}" is named twice.`, 'Name each one once.');
  const cpu = given.cpu ?? config.cpu;
  const [first, ...others] = cpu === undefined ? found : withCpu(found, cpu);
  if (first === undefined) throw usage('HM108', 'No target is named.', `Targets: ${[...known.keys()].join(', ')}.`);
  return [first, ...others];
}

function resolveTarget(name: string, known: ReadonlyMap<string, Target>): Target {
  const target = known.get(name);
  if (target !== undefined) return target;
  const names = [...known.keys()];
  throw usage('HM108', `There is no target "${name}".${didYouMean(name, names)}`, `Targets: ${names.join(', ')}.`);
}

/** Of several targets, those whose architecture has the processor are built for it. */
function withCpu(targets: readonly Target[], text: string): readonly Target[] {
  const [name = '', ...features] = text.split('+').map((part) => part.trim());
  const cpu: Cpu = { name, features };
  const names = new Set(targets.flatMap((target) => target.cpus));
  const wrong = features.find((feature) => !/^[a-z0-9][a-z0-9._-]*$/i.test(feature));
  if (wrong !== undefined) {
    throw usage('HM125', `"${text}" names no processor: "${wrong}" is no feature.`, 'Example: "neoverse-n1+lse".');
  }
  if (!names.has(name)) {
    const where = targets.map((target) => target.name).join(', ');
    const message = `There is no processor "${name}" for ${where}.${didYouMean(name, names)}`;
    throw usage(
      'HM125',
      message,
      `Processors: ${[...names].join(', ')}; features follow with "+", as in "generic+lse".`,
    );
  }
  const own = targets.find((target) => target.runs.how === 'native');
  if (name === 'native' && own === undefined) {
    const message = `The processor "native" is this machine's own, and ${targets[0]?.name} is for another one.`;
    throw usage('HM126', message, `Name one of: ${[...names].filter((one) => one !== 'native').join(', ')}.`);
  }
  return targets.map((target) => {
    const fits = target.cpus.includes(name) && (name !== 'native' || target.runs.how === 'native');
    return fits ? cpuTarget(target, cpu) : target;
  });
}

function usage(code: string, message: string, hint: string): HotmodError {
  return new HotmodError(code, message, { hint, exitCode: exitCode.usage });
}
