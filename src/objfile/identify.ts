import { machineName } from './machines.js';

/** What the first bytes of a file say it is. `name` fits into "the file is ...". */
export type FileIdentity =
  | { readonly format: 'elf'; readonly name: string; readonly elf: ElfIdentity }
  /** Fewer bytes than an ELF identification, all of them right so far; an empty file too. */
  | { readonly format: 'elfPrefix'; readonly name: string }
  | { readonly format: 'other'; readonly name: string };

interface ElfIdentity {
  readonly bits: 32 | 64 | 0;
  readonly endian: 'little' | 'big' | 'unknown';
  /** `e_machine`. */
  readonly machine: number;
}

const elfMagic = [0x7f, 0x45, 0x4c, 0x46] as const;

/** Magic numbers at the start of the file. The order matters: the first that fits is taken. */
const magics: readonly { readonly bytes: readonly number[]; readonly name: string }[] = [
  { bytes: [...Buffer.from('!<arch>\n')], name: 'a static library (ar archive)' },
  { bytes: [...Buffer.from('!<thin>\n')], name: 'a thin static library (ar archive)' },
  { bytes: [0xcf, 0xfa, 0xed, 0xfe], name: 'a Mach-O file (macOS)' },
  { bytes: [0xce, 0xfa, 0xed, 0xfe], name: 'a 32-bit Mach-O file (macOS)' },
  { bytes: [0xca, 0xfe, 0xba, 0xbe], name: 'a universal Mach-O file (macOS) or a Java class' },
  { bytes: [0x4d, 0x5a], name: 'a Windows program or DLL (PE)' },
  { bytes: [0x00, 0x61, 0x73, 0x6d], name: 'a WebAssembly module' },
  { bytes: [0x42, 0x43, 0xc0, 0xde], name: 'LLVM bitcode (built with -flto or -emit-llvm)' },
  { bytes: [...Buffer.from('#!')], name: 'a script' },
  { bytes: [0x1f, 0x8b], name: 'a gzip archive' },
  { bytes: [0x50, 0x4b, 0x03, 0x04], name: 'a zip archive' },
];

/** Looks at no more than the first kilobyte, and never throws. */
export function identifyFile(bytes: Uint8Array): FileIdentity {
  if (bytes.length === 0) return { format: 'elfPrefix', name: 'an empty file' };
  if (startsWith(bytes, elfMagic)) return identifyElf(bytes);
  if (bytes.length < elfMagic.length && elfMagic.slice(0, bytes.length).every((byte, i) => bytes[i] === byte)) {
    return prefixOf(bytes);
  }
  const known = magics.find((magic) => startsWith(bytes, magic.bytes));
  if (known !== undefined) return { format: 'other', name: known.name };
  return { format: 'other', name: describeUnknown(bytes.subarray(0, 1024)) };
}

/** `e_ident` (gABI chapter 4, "ELF Identification"), then `e_machine`, which both classes have at byte 18. */
function identifyElf(bytes: Uint8Array): FileIdentity {
  if (bytes.length < 20) return prefixOf(bytes);
  const bits = bytes[4] === 1 ? 32 : bytes[4] === 2 ? 64 : 0;
  const endian = bytes[5] === 1 ? 'little' : bytes[5] === 2 ? 'big' : 'unknown';
  const [first = 0, second = 0] = bytes.subarray(18, 20);
  const machine = endian === 'big' ? first * 256 + second : second * 256 + first;
  const order = endian === 'big' ? ' big-endian' : '';
  return {
    format: 'elf',
    name: `a${bits === 0 ? 'n' : ` ${bits}-bit`}${order} ELF file for ${machineName(machine)}`,
    elf: { bits, endian, machine },
  };
}

function prefixOf(bytes: Uint8Array): FileIdentity {
  return { format: 'elfPrefix', name: `the first ${bytes.length} bytes of an ELF file` };
}

function describeUnknown(head: Uint8Array): string {
  if (head.every((byte) => byte === 0)) return 'a file of zeros';
  if (!head.every(isText)) return 'binary data of an unknown kind';
  const [line = ''] = Buffer.from(head).toString('utf8').trimStart().split(/\r?\n/, 1);
  const quoted = line.length > 40 ? `${line.slice(0, 40)}...` : line;
  return `a text file that begins with "${quoted}"`;
}

/** Bytes above 127 pass, so that text in any encoding that extends ASCII is called text. */
function isText(byte: number): boolean {
  return byte >= 32 ? byte !== 127 : byte === 9 || byte === 10 || byte === 12 || byte === 13 || byte === 27;
}

function startsWith(bytes: Uint8Array, magic: readonly number[]): boolean {
  return bytes.length >= magic.length && magic.every((byte, i) => bytes[i] === byte);
}
