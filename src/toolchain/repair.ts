import { type Need, type PackageManager, packageManagers } from './package-managers.js';
import { which } from './which.js';

/** One command of a repair, ready to run and to show. */
export interface RepairCommand {
  readonly argv: readonly string[];
  /** The repair is good without it. */
  readonly optional: boolean;
  /** Only root may run it, and this user has no sudo to become root: it can be shown, not run. */
  readonly rootOnly: boolean;
}

export interface RepairRequest {
  readonly needs: readonly Need[];
  readonly searchPath: string;
  readonly isRoot: boolean;
  /** Nobody can type a password: sudo must fail at once instead of asking. */
  readonly unattended: boolean;
}

/** The commands that install what is missing; empty where the machine has no package manager that we know. */
export async function planRepair(request: RepairRequest): Promise<readonly RepairCommand[]> {
  const manager = await findPackageManager(request.searchPath);
  if (manager === null || request.needs.length === 0) return [];
  const packages = [...new Set(request.needs.flatMap((need) => manager.packages[need] ?? []))];
  if (packages.length === 0) return [];
  const commands: RepairCommand[] = [];
  const mustBecomeRoot = manager.needsRoot && !request.isRoot;
  const rootOnly = mustBecomeRoot && (await which('sudo', request.searchPath)) === null;
  const before = [...(mustBecomeRoot && !rootOnly ? sudo(request) : []), ...environment(manager)];
  const add = (argv: readonly string[], optional: boolean): void => {
    if (argv.length > 0) commands.push({ argv: [...before, ...argv], optional, rootOnly });
  };
  add(manager.refresh, true);
  add([...manager.install, ...packages], false);
  if (request.needs.includes('linker') && manager.optional.length > 0)
    add([...manager.install, ...manager.optional], true);
  return commands;
}

/** The command as it can be pasted into a shell. */
export function showCommand(argv: readonly string[]): string {
  return argv.map((word) => (/^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replace(/'/g, `'\\''`)}'`)).join(' ');
}

async function findPackageManager(searchPath: string): Promise<PackageManager | null> {
  for (const manager of packageManagers) if ((await which(manager.program, searchPath)) !== null) return manager;
  return null;
}

/** The environment goes through `env`, because sudo drops variables that it is not told to keep. */
function environment(manager: PackageManager): readonly string[] {
  const variables = Object.entries(manager.env).map(([name, value]) => `${name}=${value}`);
  return variables.length > 0 ? ['env', ...variables] : [];
}

function sudo({ unattended }: RepairRequest): readonly string[] {
  return unattended ? ['sudo', '-n'] : ['sudo'];
}
