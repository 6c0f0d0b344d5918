import { ObjectFileError } from '../objfile/errors.js';
import { identifyFile } from '../objfile/identify.js';
import { isMachO, readMachO } from '../objfile/macho.js';
import { machOMagic } from '../objfile/macho-constants.js';
import { type MachOSlice, machOSlices } from '../objfile/macho-fat.js';
import { machOImage } from '../objfile/macho-image.js';
import { plainSymbolName } from '../objfile/macho-image-symbols.js';
import { readCodeSignature } from '../objfile/macho-signature.js';
import type { MachOFile } from '../objfile/macho-types.js';
import { checkMachOWhole } from '../objfile/macho-whole.js';
import { checkEntry } from './entry.js';
import { readFacts } from './facts.js';
import type { LibraryCache } from './library-cache.js';
import { findNeededDylibs, isOfSystem } from './needed-dylibs.js';
import { resolveSymbols } from './resolve-symbols.js';
import { isNewer, systemVersionOf } from './system-version.js';
import { refused, type ValidateRequest, type ValidateResult, type ValidationFinding } from './types.js';

/**
 * The same question as for ELF: would the loader take it, and is its entry there. A universal file is judged by its part
 * for the target's machine.
 *
 * @throws ObjectFileError where the file's inside is damaged.
 */
export function examineMachO(bytes: Uint8Array, request: ValidateRequest, cache: LibraryCache): ValidateResult {
  const { library } = request;
  const other = checkFormat(bytes, request);
  if (other !== null) return { ok: false, findings: [other], facts: null };
  const chosen = chooseSlice(machOSlices(bytes), request);
  if ('code' in chosen) return { ok: false, findings: [chosen], facts: null };

  const file = readMachO(chosen.bytes);
  const notLibrary = describeNonLibrary(file);
  if (notLibrary !== null) return refused('HM303', `${library} is ${notLibrary}, not a shared library`, library);
  checkMachOWhole(file);
  const platform = checkPlatform(file, request);
  if (platform.length > 0) return { ok: false, findings: platform, facts: null };
  return examine(file, request, cache);
}

function examine(file: MachOFile, request: ValidateRequest, cache: LibraryCache): ValidateResult {
  const { library, module } = request;
  const image = machOImage(file);
  const needed = findNeededDylibs(file, request, cache);
  const facts = {
    ...readFacts(library, image, module.entry),
    soname: file.id?.name ?? null,
    needed: file.dylibs.map((dylib) => dylib.name),
  };
  const open = openSymbols(file);
  const asked = { ...facts, undefinedSymbols: facts.undefinedSymbols.filter(({ name }) => open.has(name)) };
  const resolved = resolveSymbols(request, asked, needed.libraries, cache);
  const findings = [
    ...checkFixups(file, library),
    ...checkSignature(file, request),
    ...checkEntry(module.entry, facts.entry, facts.exports, image),
    ...needed.findings,
    ...resolved.findings,
  ];
  return { ok: findings.length === 0, findings, facts: { ...facts, imports: resolved.imports } };
}

/** HM301, HM302 and HM304: what the first bytes alone decide. */
function checkFormat(bytes: Uint8Array, { library, target }: ValidateRequest): ValidationFinding | null {
  const start = Buffer.from(bytes.subarray(0, 4));
  if (bytes.length < identified && magics.some((magic) => magic.subarray(0, start.length).equals(start))) {
    const message = `${library} is cut off: it has only ${bytes.length} bytes`;
    return { code: 'HM302', message, where: library };
  }
  if (!isMachO(bytes)) {
    const message = `${library} is not a Mach-O file: it is ${identifyFile(bytes).name}`;
    return { code: 'HM301', message, where: library };
  }
  const unread = otherForms.get(start.readUInt32LE());
  if (unread === undefined) return null;
  const message = `${library} is ${unread}; the target ${target.name} needs a 64-bit little-endian one`;
  return { code: 'HM304', message, where: library };
}

/** Bytes that say what a file is: magic number, kind of processor and variant of it. */
const identified = 12;

const magics = [0xcffaedfe, 0xcafebabe, 0xcafebabf].map((magic) => {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(magic);
  return bytes;
});

const otherForms: ReadonlyMap<number, string> = new Map([
  [machOMagic.thin32, 'a 32-bit Mach-O file'],
  [machOMagic.swapped64, 'a big-endian Mach-O file'],
  [machOMagic.swapped32, 'a big-endian 32-bit Mach-O file'],
]);

/** The table of a universal file is a hint to the loader, which then asks the part itself. Null where both agree. */
function describeMislabelled({ name, bytes }: MachOSlice): string | null {
  const [own] = isMachO(bytes) ? machOSlices(bytes) : [];
  return own === undefined || own.name === name ? null : `its part for ${name} is one for ${own.name}`;
}

/** HM302, HM304 and HM317. */
function chooseSlice(
  slices: readonly MachOSlice[],
  { library, target }: ValidateRequest,
): MachOSlice | ValidationFinding {
  const wanted = target.machO?.machine ?? target.arch;
  const found = slices.find((slice) => slice.name === wanted);
  if (found !== undefined) {
    const mislabelled = describeMislabelled(found);
    if (mislabelled === null) return found;
    return { code: 'HM302', message: `${library} is damaged: ${mislabelled}`, where: library };
  }
  const some = slices.slice(0, mostNames).map((slice) => slice.name);
  const names = [...some, ...(slices.length > mostNames ? ['others'] : [])].join(' and ');
  const what = slices.length > 1 ? `a universal file for ${names}` : `a Mach-O file for ${names}`;
  const isArm64e = wanted === 'arm64' && slices.some((slice) => slice.name === 'arm64e');
  const why = isArm64e ? 'whose processes load no arm64e libraries' : 'which cannot run it';
  const message = `${library} is ${what}; the target ${target.name} needs ${wanted}, ${why}`;
  return { code: isArm64e ? 'HM317' : 'HM304', message, where: library };
}

const mostNames = 8;

/** Null for what dlopen takes: libraries and bundles. */
function describeNonLibrary({ header }: MachOFile): string | null {
  switch (header.type) {
    case 'dylib':
    case 'bundle':
      return null;
    case 'executable':
      return 'a program (linked without -dynamiclib)';
    case 'object':
      return 'an object file (not linked yet)';
    case 'dsym':
      return 'a file of debug information (dSYM)';
    default:
      return 'a Mach-O file of another kind';
  }
}

/** HM315 and HM316. */
function checkPlatform(file: MachOFile, { library, target }: ValidateRequest): readonly ValidationFinding[] {
  const { buildVersion } = file;
  if (buildVersion === null) {
    return [{ code: 'HM315', message: `${library} does not say which system it was built for`, where: library }];
  }
  const { platform, minimum } = buildVersion;
  if (platform !== 'macos') {
    const message = `${library} was built for ${platform}, and the target ${target.name} is macOS`;
    return [{ code: 'HM315', message, where: library }];
  }
  const system = systemVersionOf(target);
  if (system === null || !isNewer(minimum, system.version)) return [];
  const message = `${library} needs macOS ${minimum}, and ${system.what} is ${system.version}`;
  return [{ code: 'HM316', message, where: library }];
}

/** HM318: without one of the two the loader could put in no address. */
function checkFixups(file: MachOFile, library: string): readonly ValidationFinding[] {
  if (file.chainedFixups !== null && file.dyldInfo !== null) {
    return [{ code: 'HM318', message: `${library} has fixups of both forms, and loaders take one`, where: library }];
  }
  if (file.chainedFixups !== null || file.dyldInfo !== null) return [];
  const message = `${library} has neither chained fixups nor codes for the loader (LC_DYLD_INFO)`;
  return [{ code: 'HM318', message, where: library }];
}

/** HM313 and HM314. arm64 runs no page without a signature; x86-64 takes one that is there seriously. */
function checkSignature(file: MachOFile, { library, target }: ValidateRequest): readonly ValidationFinding[] {
  const signature = readCodeSignature(file);
  if (signature === null) {
    if (target.machO === null || !target.machO.mustBeSigned) return [];
    const message = `${library} has no code signature, which ${target.machO.machine} asks for`;
    return [{ code: 'HM313', message, where: library }];
  }
  return signature.problems.map((problem) => ({
    code: 'HM314',
    message: `the code signature of ${library} does not fit it: ${problem}`,
    where: library,
  }));
}

/** `MH_TWOLEVEL`, and the numbers in `n_desc` that stand for no library (`mach-o/nlist.h`). */
const twoLevel = 0x80;
const ordinals = { self: 0, executable: 0xff, dynamicLookup: 0xfe } as const;

/**
 * Undefined symbols that a look at files can answer for, without their underscore: those that any library may provide,
 * and those of libraries that lie on this disk. What the system's libraries have, nobody can look up: they are in no file.
 */
function openSymbols(file: MachOFile): ReadonlySet<string> {
  const flat = (file.header.flags & twoLevel) === 0;
  const wanted = (file.symbols ?? []).filter(({ kind, external }) => kind === 'undefined' && external);
  const open = wanted.filter(({ description, name }) => {
    const ordinal = description >>> 8;
    if (flat || ordinal === ordinals.dynamicLookup) return !calledByCompilers.test(name);
    if (ordinal === ordinals.self || ordinal === ordinals.executable) return false;
    const dylib = file.dylibs[ordinal - 1];
    if (dylib === undefined)
      throw new ObjectFileError('corrupt', `${name} is of library ${ordinal}, which is not there`);
    return !isOfSystem(dylib.name);
  });
  return new Set(open.map(({ name }) => plainSymbolName(name)));
}

/**
 * Functions of libSystem and of the C++ runtime, which every process has that would load a module, and which compilers
 * call where the source says nothing of them.
 */
const calledByCompilers = new RegExp(
  [
    ...[
      '_mem(cpy|move|set|cmp)',
      '_+bzero',
      '___stack_chk_(fail|guard)',
      '___chkstk_darwin',
      '___u?(div|mod)ti[34]',
      '___(fix|float)\\w+',
    ],
    ...['dyld_stub_binder', '__tlv_(bootstrap|atexit)', '__Unwind_\\w+', '___gxx_personality_v0', '___cxa_\\w+'],
    // Type information of the C++ ABI, operator new and delete, std::terminate.
    ...['__ZTVN10__cxxabiv1\\w+', '__Z(nw|na|dl|da)\\w+', '__ZSt9terminatev'],
  ]
    .map((name) => `^${name}$`)
    .join('|'),
);
