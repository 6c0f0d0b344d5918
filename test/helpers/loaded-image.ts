import { readFile } from 'node:fs/promises';
import type { DebugType, RecordType } from '../../src/debuginfo/types.js';
import { strip } from '../../src/layout/strip.js';
import { readElf } from '../../src/objfile/elf.js';
import { readStateModel } from '../../src/state/model.js';
import type { StateModel } from '../../src/state/types.js';

/** A library as the loader would put it into memory (x86-64), with its variables within reach by their paths. */
export interface LoadedImage {
  readonly model: StateModel;
  readonly base: number;
  readonly memory: Uint8Array;
  /** The memory right after loading. */
  readonly initial: Uint8Array;
  /** Where an object lies in memory while the image is loaded: `city`, `houses[2].rooms[1].size`. */
  address(path: string): number;
  get(path: string): bigint | number;
  set(path: string, value: bigint | number): void;
  /** Bytes of a text, ended by a zero. */
  setText(path: string, text: string): void;
  text(path: string): string;
  function(name: string): number;
}

const pieceOfPath = /([^.[\]]+)|\[(\d+)\]/g;

/** Maps the segments and fills in the addresses that a loader would (System V ABI for AMD64, 4.4). */
export async function loadImage(
  file: string,
  base: number,
  sources?: Readonly<Record<string, string>>,
): Promise<LoadedImage> {
  const bytes = await readFile(file);
  const elf = readElf(bytes);
  const model = readStateModel(bytes, {
    sourceLine: (name, line) => sources?.[name.split('/').at(-1) ?? '']?.split('\n')[line - 1] ?? null,
  });
  const memory = new Uint8Array(model.imageSize);
  const view = new DataView(memory.buffer);
  for (const segment of elf.segments) {
    if (segment.type !== 1) continue;
    memory.set(bytes.subarray(segment.offset, segment.offset + segment.fileSize), segment.addr);
  }
  const [absolute, globalData, jumpSlot, relative] = [1, 6, 7, 8];
  for (const { type, offset, symbol, addend } of elf.relocations) {
    if (offset + 8 > memory.length) continue;
    if (type === relative) view.setBigUint64(offset, BigInt(base + addend), true);
    if ((type === absolute || type === globalData || type === jumpSlot) && symbol?.defined === true) {
      view.setBigUint64(offset, BigInt(base + symbol.value + (type === absolute ? addend : 0)), true);
    }
  }

  const find = (path: string): Found => {
    const variable = [...model.variables, ...model.readOnly]
      .filter((one) => path === one.path || path.startsWith(`${one.path}.`) || path.startsWith(`${one.path}[`))
      .sort((a, b) => b.path.length - a.path.length)[0];
    if (variable === undefined) throw new Error(`${file} has no variable ${path}`);
    const start = { type: variable.variable.type, address: variable.address, bits: null };
    return walk(start, path.slice(variable.path.length));
  };
  return {
    model,
    base,
    memory,
    initial: memory.slice(),
    address: (path) => base + find(path).address,
    get: (path) => readNumber(view, find(path)),
    set: (path, value) => writeNumber(view, find(path), value),
    setText(path, text) {
      memory.set(new TextEncoder().encode(`${text}\0`), find(path).address);
    },
    text(path) {
      const start = find(path).address;
      return new TextDecoder().decode(memory.subarray(start, memory.indexOf(0, start)));
    },
    function(name) {
      const found = model.functions.get(name);
      if (found === undefined) throw new Error(`${file} has no function ${name}`);
      return base + found.address;
    },
  };
}

interface Found {
  readonly type: DebugType;
  readonly address: number;
  readonly bits: { readonly first: number; readonly size: number } | null;
}

function walk(start: Found, path: string): Found {
  let found = start;
  for (const [, name, index] of path.matchAll(pieceOfPath)) {
    const plain = strip(found.type);
    if (index !== undefined && plain.kind === 'array') {
      const [, ...rest] = plain.dimensions;
      const size = rest.reduce<number>((all, n) => all * (n ?? 0), sizeOf(plain.element));
      const type: DebugType = rest.length === 0 ? plain.element : { ...plain, dimensions: rest, size };
      found = { type, address: found.address + Number(index) * size, bits: null };
    } else if (name !== undefined && plain.kind === 'record') found = walkField(plain, name, found.address);
    else throw new Error(`nothing at ${path}`);
  }
  return found;
}

function walkField(record: RecordType, name: string, address: number): Found {
  for (const base of record.bases) {
    const plain = strip(base.type);
    if (plain.kind === 'record' && plain.fields.some((field) => field.name === name)) {
      return walkField(plain, name, address + (base.offset ?? 0));
    }
  }
  for (const field of record.fields) {
    const at = address + field.offset;
    if (field.name === name) {
      const bits = field.bitSize === null ? null : { first: field.bitOffset - field.offset * 8, size: field.bitSize };
      return { type: field.type, address: at, bits };
    }
    const plain = strip(field.type);
    if (field.name !== '' || plain.kind !== 'record') continue;
    if (plain.fields.some((one) => one.name === name)) return walkField(plain, name, at);
  }
  throw new Error(`no field ${name}`);
}

function sizeOf(type: DebugType): number {
  const plain = strip(type);
  return 'size' in plain ? (plain.size ?? 0) : 0;
}

function isFloat(type: DebugType): boolean {
  const plain = strip(type);
  return plain.kind === 'base' && plain.encoding === 'float';
}

function isSigned(type: DebugType): boolean {
  const plain = strip(type);
  if (plain.kind === 'enum') return plain.signed;
  return plain.kind === 'base' && (plain.encoding === 'signed' || plain.encoding === 'character');
}

function readNumber(view: DataView, { type, address, bits }: Found): bigint | number {
  const size = sizeOf(type);
  if (isFloat(type)) return size === 4 ? view.getFloat32(address, true) : view.getFloat64(address, true);
  let value = 0n;
  const bytes = bits === null ? size : Math.ceil((bits.first + bits.size) / 8);
  for (let n = bytes - 1; n >= 0; n--) value = (value << 8n) | BigInt(view.getUint8(address + n));
  const width = bits?.size ?? size * 8;
  value = BigInt.asUintN(width, value >> BigInt(bits?.first ?? 0));
  const signed = isSigned(type) ? BigInt.asIntN(width, value) : value;
  return width <= 32 ? Number(signed) : signed;
}

function writeNumber(view: DataView, { type, address, bits }: Found, value: bigint | number): void {
  const size = sizeOf(type);
  if (isFloat(type)) {
    if (size === 4) view.setFloat32(address, Number(value), true);
    else view.setFloat64(address, Number(value), true);
    return;
  }
  const [first, width] = [bits?.first ?? 0, bits?.size ?? size * 8];
  for (let n = 0; n < width; n++) {
    const at = address + Math.floor((first + n) / 8);
    const mask = 1 << ((first + n) % 8);
    const bit = (BigInt.asUintN(width, BigInt(value)) >> BigInt(n)) & 1n;
    view.setUint8(at, bit === 1n ? view.getUint8(at) | mask : view.getUint8(at) & ~mask);
  }
}
