import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type BuildPlan, planModule } from '../../build/plan.js';
import { cacheDir } from '../../config/cache-dir.js';
import { loadConfig } from '../../config/load.js';
import { buildEngine } from '../../host/engine-build.js';
import { publicHeadersDir } from '../../paths.js';
import { definedOnly } from '../../session/environment.js';
import { findToolchain } from '../../toolchain/find.js';

type Environment = Readonly<Record<string, string | undefined>>;

/**
 * Writes a build.ninja for the same modules, with the compiler, the linker and the flags that hotmod takes for them, into
 * `<root>/ninja`. What hotmod knows beside that is left to it: the driver is started for each step, as in any such file.
 */
export async function writeNinja(root: string, env: Environment): Promise<void> {
  const config = await loadConfig({ cwd: root, env, flags: {} });
  const toolchain = await findToolchain({
    compiler: config.build.compiler,
    linker: config.build.linker,
    env,
    target: config.target,
    warm: config.build.warm,
  });
  const engineLibrary = await buildEngine({
    compiler: toolchain.compiler.path,
    cacheDir: cacheDir(env),
    crossFlags: [],
  });
  const options = { config, toolchain, engineLibrary, publicHeaders: publicHeadersDir, env: definedOnly(env) };
  const plans = config.modules.map((module) => planModule(module, options));
  const rules = [
    'builddir = ninja',
    'rule compile',
    '  command = $compiler $flags -MMD -MF $out.d -c $in -o $out',
    '  depfile = $out.d',
    '  deps = gcc',
    'rule link',
    '  command = $compiler $head -o $out $in $tail',
  ];
  await writeFile(join(root, 'build.ninja'), `${[...rules, ...plans.flatMap(stepsOf)].join('\n')}\n`);
}

function stepsOf({ module, units, link }: BuildPlan): readonly string[] {
  const objects = units.map((_, index) => `ninja/${module.name}/${index}.o`);
  return [
    ...units.flatMap((unit, index) => [
      `build ${objects[index]}: compile ${unit.input}`,
      `  compiler = ${unit.command}`,
      `  flags = ${words(unit.flags)}`,
    ]),
    `build ninja/${module.name}/${module.name}.so: link ${objects.join(' ')}`,
    `  compiler = ${link.command}`,
    `  head = ${words([...link.head, link.nameFlag(module.name)])}`,
    `  tail = ${words(link.tail)}`,
  ];
}

/** As a shell takes them, in a file in which the dollar stands for itself when doubled. */
function words(args: readonly string[]): string {
  return args.map((arg) => `'${arg.replaceAll("'", "'\\''")}'`.replaceAll('$', '$$$$')).join(' ');
}
