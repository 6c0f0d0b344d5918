import { architectures, type Cpu } from './architectures.js';
import type { Target } from './targets.js';

/** The target with its code made for one processor. Says nothing to the compiler where nothing was asked for. */
export function cpuTarget(target: Target, cpu: Cpu): Target {
  return { ...target, cpu, compileArgs: [...target.compileArgs, ...cpuArgs(target.arch, cpu)] };
}

/** `-mcpu=neoverse-n1+lse`; `-march=x86-64-v3 -mavx2`. */
function cpuArgs(arch: string, { name, features }: Cpu): readonly string[] {
  const architecture = architectures.get(arch);
  if (architecture === undefined || (name === 'generic' && features.length === 0)) return [];
  const { cpuOption, genericCpu } = architecture;
  const called = name === 'generic' ? genericCpu : name;
  if (architecture.features.join === 'plus') return [`${cpuOption}${[called, ...features].join('+')}`];
  const { prefix } = architecture.features;
  return [...(called === '' ? [] : [cpuOption + called]), ...features.map((feature) => prefix + feature)];
}
