import { readElf } from '../objfile/elf.js';
import { ObjectFileError } from '../objfile/errors.js';
import { holdBackPatches } from '../objfile/hold-back.js';
import { identifyFile } from '../objfile/identify.js';
import { machineName } from '../objfile/machines.js';
import type { ElfFile } from '../objfile/types.js';
import { checkWhole } from '../objfile/whole.js';
import type { Target } from '../target/targets.js';
import { checkEntry } from './entry.js';
import { readFacts } from './facts.js';
import { createLibraryCache, type LibraryCache, type LibraryCaches } from './library-cache.js';
import { findNeeded } from './needed.js';
import { readLibrary } from './read-library.js';
import { resolveSymbols } from './resolve-symbols.js';
import { refused, type ValidateRequest, type ValidateResult, type ValidationFinding } from './types.js';
import { examineMachO } from './validate-macho.js';

/** One for the process: what it remembers are facts about files, the same for whoever asks. */
let sharedCache: LibraryCaches | undefined;

/**
 * Says whether the loader would take a library and hotmod would find its entry, by reading files only; no code of the
 * library runs. Codes HM301 to HM310 and HM313 to HM318. Never rejects because of what a file holds.
 */
export async function validate(request: ValidateRequest, cache?: LibraryCaches): Promise<ValidateResult> {
  sharedCache ??= createLibraryCache();
  const read = readLibrary(request.library);
  if (!read.ok) return refused('HM308', read.message, request.library);

  try {
    // What is validated against the same list of libraries is of one save.
    const view = (cache ?? sharedCache).at(request.providers.modules);
    return examiners[request.target.objectFormat](read.bytes, request, view);
  } catch (error) {
    if (!(error instanceof ObjectFileError)) throw error;
    const what = error.reason === 'truncated' ? 'is cut off' : 'is damaged or not written to its end';
    return refused('HM302', `${request.library} ${what}: ${error.message}`, request.library);
  }
}

const examiners = { elf: examineElf, 'mach-o': examineMachO } as const;

/** @throws ObjectFileError where the file's inside is damaged. */
function examineElf(bytes: Uint8Array, request: ValidateRequest, cache: LibraryCache): ValidateResult {
  const wrongKind = checkKind(bytes, request);
  if (wrongKind !== null) return { ok: false, findings: [wrongKind], facts: null };
  const file = readElf(bytes);
  const notLibrary = describeNonLibrary(file);
  if (notLibrary !== null) {
    return refused('HM303', `${request.library} is ${notLibrary}, not a shared library`, request.library);
  }
  checkWhole(file);
  const facts = readFacts(request.library, file, request.module.entry);
  const dynamic = file.dynamic;
  if (dynamic === null) throw new ObjectFileError('corrupt', 'it has no dynamic section');

  const needed = findNeeded(request, dynamic, cache);
  const resolved = resolveSymbols(request, facts, needed.libraries, cache);
  const findings = [
    ...checkEntry(request.module.entry, facts.entry, facts.exports, file),
    ...needed.findings,
    ...resolved.findings,
  ];
  const { imports } = resolved;
  const patches = imports.length === 0 ? [] : holdBackPatches(file, new Set(imports.map((one) => one.symbol)));
  return { ok: findings.length === 0, findings, facts: { ...facts, imports, patches } };
}

/** HM301, HM302 and HM304: what the first bytes alone decide. */
function checkKind(bytes: Uint8Array, { library, target }: ValidateRequest): ValidationFinding | null {
  const identity = identifyFile(bytes);
  if (identity.format === 'other') {
    return { code: 'HM301', message: `${library} is not an ELF file: it is ${identity.name}`, where: library };
  }
  if (identity.format === 'elfPrefix') {
    return {
      code: 'HM302',
      message: `${library} is cut off: it is ${identity.name}`,
      where: library,
    };
  }
  const { bits, endian, machine } = identity.elf;
  const fits = machine === target.elfMachine && bits === 64 && endian === 'little';
  // Class and byte order that are no value at all are damage, not another machine.
  if (fits || bits === 0 || endian === 'unknown') return null;
  return { code: 'HM304', message: wrongMachine(library, identity.name, target), where: library };
}

function wrongMachine(library: string, found: string, target: Target): string {
  return `${library} is ${found}; the target ${target.name} needs a 64-bit ELF file for ${machineName(target.elfMachine)}`;
}

/** Null for shared libraries. A position-independent program has their type; its own flag gives it away. */
function describeNonLibrary(file: ElfFile): string | null {
  switch (file.header.type) {
    case 'shared':
      return file.dynamic?.isProgram ? 'a program (linked without -shared)' : null;
    case 'executable':
      return 'a program (linked without -shared)';
    case 'relocatable':
      return 'an object file (not linked yet)';
    case 'core':
      return 'a memory dump (core file)';
    default:
      return 'an ELF file of an unknown type';
  }
}
