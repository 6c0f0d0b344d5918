import type { ByteReader } from './bytes.js';
import { ObjectFileError } from './errors.js';
import { lc, machOSize } from './macho-constants.js';
import { readMachOSegment } from './macho-segments.js';
import type {
  DyldInfo,
  FileRange,
  LinkEdit,
  MachOBuildVersion,
  MachODylib,
  MachOSection,
  MachOSegment,
} from './macho-types.js';

/** What the load commands say (`mach-o/loader.h`); those that nobody here asks about are passed over. */
export interface LoadCommands extends LinkEdit {
  readonly segments: readonly MachOSegment[];
  readonly sections: readonly MachOSection[];
  readonly symbolTable: SymbolTablePlace | null;
  readonly uuid: string | null;
  readonly buildVersion: MachOBuildVersion | null;
  readonly id: MachODylib | null;
  readonly dylibs: readonly MachODylib[];
  readonly rpaths: readonly string[];
}

/** `LC_SYMTAB`. */
export interface SymbolTablePlace {
  readonly offset: number;
  readonly count: number;
  readonly stringsOffset: number;
  readonly stringsSize: number;
}

/** Platforms of `LC_BUILD_VERSION`, from 1. */
const platforms = [
  'macos',
  'ios',
  'tvos',
  'watchos',
  'bridgeos',
  'maccatalyst',
  'iossimulator',
  'tvossimulator',
  'watchossimulator',
  'driverkit',
  'visionos',
  'visionossimulator',
];

const minimums: ReadonlyMap<number, string> = new Map([
  [lc.versionMinMacos, 'macos'],
  [lc.versionMinIos, 'ios'],
  [lc.versionMinTvos, 'tvos'],
  [lc.versionMinWatchos, 'watchos'],
]);

const loads: ReadonlySet<number> = new Set([
  lc.loadDylib,
  lc.loadWeakDylib,
  lc.reexportDylib,
  lc.lazyLoadDylib,
  lc.loadUpwardDylib,
]);

export function readLoadCommands(reader: ByteReader): LoadCommands {
  const segments: MachOSegment[] = [];
  const sections: MachOSection[] = [];
  const dylibs: MachODylib[] = [];
  const rpaths: string[] = [];
  let symbolTable: SymbolTablePlace | null = null;
  let uuid: string | null = null;
  let buildVersion: MachOBuildVersion | null = null;
  let id: MachODylib | null = null;
  let codeSignature: FileRange | null = null;
  let dyldInfo: DyldInfo | null = null;
  let chainedFixups: FileRange | null = null;
  let exportsTrie: FileRange | null = null;

  for (const command of commandsOf(reader)) {
    const { at, type } = command;
    if (type === lc.segment64) {
      needs(command, machOSize.segment);
      const segment = readMachOSegment(reader, at, command.size, sections.length);
      segments.push(segment.segment);
      sections.push(...segment.sections);
    } else if (type === lc.symtab) {
      needs(command, 24);
      symbolTable = {
        offset: reader.u32(at + 8),
        count: reader.u32(at + 12),
        stringsOffset: reader.u32(at + 16),
        stringsSize: reader.u32(at + 20),
      };
    } else if (type === lc.uuid) {
      needs(command, 24);
      uuid = uuidText(reader.slice(at + 8, 16, 'the UUID'));
    } else if (type === lc.buildVersion) {
      needs(command, 24);
      const platform = reader.u32(at + 8);
      const version = {
        platform: platforms[platform - 1] ?? `platform ${platform}`,
        minimum: versionText(reader.u32(at + 12)),
        sdk: versionText(reader.u32(at + 16)),
      };
      // A library for macOS and Catalyst says both.
      if (buildVersion?.platform !== 'macos') buildVersion = version;
    } else if (type === lc.idDylib) id = readDylib(reader, command);
    else if (loads.has(type)) dylibs.push(readDylib(reader, command));
    else if (type === lc.rpath) rpaths.push(textAt(reader, command, 8));
    else if (type === lc.codeSignature) codeSignature = readRange(reader, command, 8);
    else if (type === lc.dyldChainedFixups) chainedFixups = readRange(reader, command, 8);
    else if (type === lc.dyldExportsTrie) exportsTrie = readRange(reader, command, 8);
    else if (type === lc.dyldInfo || type === lc.dyldInfoOnly) dyldInfo = readDyldInfo(reader, command);
    else {
      const platform = minimums.get(type);
      if (platform === undefined) continue;
      needs(command, 16);
      const [minimum, sdk] = [versionText(reader.u32(at + 8)), versionText(reader.u32(at + 12))];
      buildVersion ??= { platform, minimum, sdk };
    }
  }
  const linkEdit = { codeSignature, dyldInfo, chainedFixups, exportsTrie };
  return { segments, sections, symbolTable, uuid, buildVersion, id, dylibs, rpaths, ...linkEdit };
}

interface Command {
  readonly at: number;
  readonly type: number;
  readonly size: number;
}

/** `ncmds` commands in `sizeofcmds` bytes behind the header, each with its type and size in front. */
function* commandsOf(reader: ByteReader): Generator<Command> {
  const [count, total] = [reader.u32(16), reader.u32(20)];
  reader.need(machOSize.header, total, 'the load commands');
  const end = machOSize.header + total;
  let at: number = machOSize.header;
  for (let number = 0; number < count; number++) {
    if (at + 8 > end) throw corrupt(`it should have ${count} load commands, but ${number} of them fill their space`);
    const [type, size] = [reader.u32(at), reader.u32(at + 4)];
    if (size < 8 || at + size > end) throw corrupt(`load command ${number} claims ${size} bytes`);
    yield { at, type, size };
    at += size;
  }
  if (at !== end) throw corrupt(`its ${count} load commands end ${end - at} bytes before their space does`);
}

function needs({ type, size }: Command, least: number): void {
  if (size < least) throw corrupt(`a load command 0x${type.toString(16)} has ${size} bytes and needs ${least}`);
}

/** Offset and size, as `linkedit_data_command` has them. */
function readRange(reader: ByteReader, command: Command, field: number): FileRange {
  needs(command, field + 8);
  return { offset: reader.u32(command.at + field), size: reader.u32(command.at + field + 4) };
}

/** `dyld_info_command`. */
function readDyldInfo(reader: ByteReader, command: Command): DyldInfo {
  const range = (number: number): FileRange => readRange(reader, command, 8 + number * 8);
  return { rebase: range(0), bind: range(1), weakBind: range(2), lazyBind: range(3), exports: range(4) };
}

/** `dylib_command`. */
function readDylib(reader: ByteReader, command: Command): MachODylib {
  needs(command, 24);
  return {
    name: textAt(reader, command, 8),
    version: versionText(reader.u32(command.at + 16)),
    compatibility: versionText(reader.u32(command.at + 20)),
    weak: command.type === lc.loadWeakDylib,
  };
}

/** `lc_str`: an offset from the command's start to a text that ends with a NUL or with the command. */
function textAt(reader: ByteReader, command: Command, field: number): string {
  needs(command, field + 4);
  const offset = reader.u32(command.at + field);
  if (offset < 8 || offset > command.size) throw corrupt('the text of a load command lies outside it');
  const bytes = reader.slice(command.at + offset, command.size - offset, 'the text of a load command');
  const end = bytes.indexOf(0);
  return new TextDecoder().decode(end < 0 ? bytes : bytes.subarray(0, end));
}

/** `xxxx.yy.zz` in 16, 8 and 8 bits; the last part is left out where it is 0. */
function versionText(packed: number): string {
  const [major, minor, patch] = [packed >>> 16, (packed >>> 8) & 0xff, packed & 0xff];
  return patch === 0 ? `${major}.${minor}` : `${major}.${minor}.${patch}`;
}

function uuidText(bytes: Uint8Array): string {
  const digits = Buffer.from(bytes).toString('hex').toUpperCase();
  return digits.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
}

function corrupt(message: string): ObjectFileError {
  return new ObjectFileError('corrupt', message);
}
