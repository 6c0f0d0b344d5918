import { stat } from 'node:fs/promises';
import { exitCode, HotmodError } from '../errors.js';
import type { Target } from '../target/targets.js';
import type { Environment } from './probe.js';

export interface SdkRequest {
  readonly target: Target;
  readonly env: Environment;
}

/** The folder of the SDK that the environment names; empty where none is named, or the target needs none. */
function namedSdk({ target, env }: SdkRequest): string {
  return target.sdk === null ? '' : (env[target.sdk.variable] ?? '');
}

/**
 * A compiler takes a folder that is not there for none, looks into the headers of this machine, and falls over what
 * those include.
 *
 * @throws HotmodError HM587 the SDK that is named is no folder, with exit code 3
 */
export async function checkNamedSdk(request: SdkRequest): Promise<void> {
  const folder = namedSdk(request);
  const { sdk } = request.target;
  if (sdk === null || folder === '' || (await isFolder(folder))) return;
  throw new HotmodError('HM587', `${sdk.variable} names ${folder} as ${sdk.title}, and there is no such folder.`, {
    hint: `Correct ${sdk.variable}, or remove it: sources that include nothing of the system build without.`,
    exitCode: exitCode.missing,
  });
}

/** What is missing, in words for `hotmod doctor`; null where the target needs no SDK, or one is named. */
export function missingSdkText(request: SdkRequest): { readonly detail: string; readonly fix: string } | null {
  const { sdk, name } = request.target;
  if (sdk === null || namedSdk(request) !== '') return null;
  return {
    detail: `${sdk.title} is not here: only sources that include nothing of the system build for ${name}`,
    fix: `Name the folder of a copy by ${sdk.variable}, or build on macOS.`,
  };
}

async function isFolder(file: string): Promise<boolean> {
  return stat(file).then(
    (found) => found.isDirectory(),
    () => false,
  );
}
