import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { ElfWorkspace } from './elf-workspace.js';
import { programPath, testWith } from './programs.js';

export const machOMachines = ['arm64', 'x86_64'] as const;
export type MachineName = (typeof machOMachines)[number];

/** clang writes Mach-O on any machine; there is no SDK, so sources include nothing. */
export function machOTarget(machine: MachineName): readonly string[] {
  return ['-target', `${machine}-apple-macos11`];
}

export async function compileMachO(
  work: ElfWorkspace,
  machine: MachineName,
  text: string,
  { name = machine as string, args = ['-g'] as readonly string[] } = {},
): Promise<Uint8Array> {
  const kind = [...machOTarget(machine), '-c', ...args];
  return new Uint8Array(await readFile(await work.build(`${name}.o`, text, { source: `${name}.c`, kind })));
}

/** Links `<name>.o` of the folder, and more, into `lib<name>.dylib`. */
export async function linkMachO(
  work: ElfWorkspace,
  machine: MachineName,
  name: string,
  more: readonly string[] = [],
): Promise<Uint8Array> {
  const output = `lib${name}.dylib`;
  const kind = ['-fuse-ld=lld', '-nostdlib', '-dynamiclib', `-Wl,-install_name,@rpath/${output}`];
  await work.run('clang', ...machOTarget(machine), ...kind, `${name}.o`, ...more, '-o', output);
  return new Uint8Array(await readFile(join(work.path, output)));
}

/** Debian gives the linker its version as an ending, and only clang knows where the plain name lies. */
const linkers = ['ld64.lld', ...[13, 14, 15, 16, 17, 18, 19, 20].map((version) => `ld64.lld-${version}`)];

/** The first of them that is there. */
export const machOLinker = linkers.find((name) => programPath(name) !== null) ?? 'ld64.lld';
const lipos = ['llvm-lipo', ...[13, 14, 15, 16, 17, 18, 19, 20].map((version) => `llvm-lipo-${version}`)];
export const lipo = lipos.find((name) => programPath(name) !== null) ?? 'llvm-lipo';

/** `test` for one that links Mach-O. */
export const testWithMachOLinker = testWith(machOLinker);
export const testWithDsymutil = testWith(machOLinker, 'dsymutil');

/** A universal file as `lipo` writes it (`mach-o/fat.h`): big-endian table, slices at multiples of 4096. */
export function makeFat(slices: readonly Uint8Array[], { wide = false } = {}): Uint8Array {
  const page = 4096;
  const places: number[] = [];
  let end = page;
  for (const slice of slices) {
    places.push(end);
    end += Math.ceil(slice.length / page) * page;
  }
  const bytes = new Uint8Array(end);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, wide ? 0xcafebabf : 0xcafebabe);
  view.setUint32(4, slices.length);
  for (const [index, slice] of slices.entries()) {
    const at = 8 + index * (wide ? 32 : 20);
    const own = new DataView(slice.buffer, slice.byteOffset);
    const place = places[index] ?? 0;
    view.setUint32(at, own.getUint32(4, true));
    view.setUint32(at + 4, own.getUint32(8, true));
    if (wide) {
      view.setBigUint64(at + 8, BigInt(place));
      view.setBigUint64(at + 16, BigInt(slice.length));
      view.setUint32(at + 24, 12);
    } else {
      view.setUint32(at + 8, place);
      view.setUint32(at + 12, slice.length);
      view.setUint32(at + 16, 12);
    }
    bytes.set(slice, place);
  }
  return bytes;
}
