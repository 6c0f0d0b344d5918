import { access } from 'node:fs/promises';
import { exitCode, HotmodError } from '../errors.js';
import { type HostProgram, ownProgram } from '../host/program.js';
import type { Emulator, Target } from '../target/targets.js';
import { fileOf, modulesFolderOf, partNamed } from './parts.js';
import { which } from './which.js';

export interface HostProgramRequest {
  readonly target: Target;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Where the parts of an emulated host lie. */
  readonly cacheDir: string;
}

/**
 * The program that runs modules of a target on this machine.
 *
 * @throws HotmodError HM580 no emulator, HM581 no libraries for the emulated program, HM582 no Node or ffi-rs for it,
 *   HM583 modules of this target run nowhere on this machine; all with exit code 3
 */
export async function findHostProgram(request: HostProgramRequest): Promise<HostProgram> {
  const { runs, name } = request.target;
  switch (runs.how) {
    case 'native':
      return ownProgram;
    case 'emulated':
      return emulatedProgram(runs.emulator, request);
    case 'not':
      throw new HotmodError('HM583', `Modules for ${name} cannot run on this machine: ${runs.why}.`, {
        hint:
          'They can be built and judged here: "hotmod reload --dry-run" and "hotmod test" do that, and ' +
          `"hotmod dev --target native,${name}" runs them for this machine and judges for both.`,
        exitCode: exitCode.missing,
      });
    default: {
      const unknown: never = runs;
      throw new Error(`Unknown way to run ${JSON.stringify(unknown)}.`);
    }
  }
}

/** @throws as findHostProgram */
export async function emulatedProgram(emulator: Emulator, request: HostProgramRequest): Promise<HostProgram> {
  const { target, env, cacheDir } = request;
  const command = await which(emulator.program, env.PATH ?? '');
  if (command === null) {
    throw missing(
      'HM580',
      `Modules for ${target.name} need the emulator ${emulator.program}, which is not on PATH.`,
      target,
    );
  }
  if (!(await exists(emulator.loader))) {
    const message = `The emulator has no C library for ${target.name}: there is no ${emulator.loader}.`;
    throw missing('HM581', message, target);
  }
  const node = partNamed(emulator.nodePackage);
  const binding = partNamed(emulator.bindingPackage);
  for (const part of [node, binding]) {
    if (await exists(fileOf(part, cacheDir))) continue;
    const message = `The emulated host needs ${part.name} ${part.version}, which is not in ${cacheDir}.`;
    throw missing('HM582', message, target);
  }
  return {
    command,
    args: [...emulator.args, fileOf(node, cacheDir)],
    // ffi-rs asks for its native part by name; this is the one place that says where else to look.
    env: { NODE_PATH: modulesFolderOf(binding, cacheDir) },
    emulator: emulator.program,
  };
}

function missing(code: string, message: string, { name }: Target): HotmodError {
  const hint = `Run "hotmod doctor --fix --target ${name}": it shows what it will bring, and brings it.`;
  return new HotmodError(code, message, { hint, exitCode: exitCode.missing });
}

function exists(file: string): Promise<boolean> {
  return access(file).then(
    () => true,
    () => false,
  );
}
