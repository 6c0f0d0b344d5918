import { sizeOf } from '../debuginfo/size-of.js';
import type { DebugType, RecordType } from '../debuginfo/types.js';
import type { Json } from '../events/json.js';
import { alignOf } from '../layout/align.js';
import { strip } from '../layout/strip.js';
import type { Memory } from './memory.js';
import { readInteger } from './numbers.js';
import { childOf, type Part, wordOf } from './parts.js';
import { templateArguments } from './template-arguments.js';
import type { Decode, Decoding } from './types.js';

/**
 * Containers of libstdc++ that keep their elements in nodes on the heap (bits/stl_tree.h, bits/stl_list.h,
 * bits/hashtable.h), as objects where the keys are texts or numbers, else as arrays. Nodes are read level by level, so
 * that few rounds give many; those that are not there yet, or beyond `elements`, are counted.
 */
export function decodeNodes(record: RecordType, whole: Part, with_: Decoding, decodeOne: Decode): Json | undefined {
  const kind = /^(?:unordered_)?(?:multi)?(map|set)<|^(list)</.exec(record.name ?? '');
  if (kind === null || with_.findType === undefined) return undefined;
  const isList = kind[2] === 'list';
  const isHashed = record.name?.startsWith('unordered_') === true;
  const holder = isList ? record : strip(childOf(whole, isHashed ? '_M_h' : '_M_t')?.type ?? record);
  const named = holder.kind === 'record' ? templateArguments(holder.name ?? '')[isList ? 0 : 1] : undefined;
  const element = named === undefined ? null : with_.findType(named);
  const size = element === null ? null : sizeOf(element);
  if (element === null || size === null) return undefined;

  const shape = { element, size, most: with_.elements, memory: with_.memory };
  const found = isList ? readList(whole, shape) : isHashed ? readHashed(whole, shape) : readTree(whole, shape);
  if (found === null) return undefined;
  const more = found.count - BigInt(found.values.length);
  const values = found.values.map((bytes) => decodeOne(element, bytes, with_));
  const rest = more > 0n ? `... ${more} more` : null;
  return kind[1] === 'map' ? mapOf(values, rest) : [...values, ...(rest === null ? [] : [rest])];
}

interface Shape {
  readonly element: DebugType;
  readonly size: number;
  readonly most: number;
  readonly memory: Memory;
}

interface Elements {
  readonly values: readonly Uint8Array[];
  /** All there are, those that are not among the values included. */
  readonly count: bigint;
}

interface Node {
  /** Its first words: links to other nodes. */
  readonly links: readonly bigint[];
  readonly value: Uint8Array;
}

/** A node is its links and, behind them where its alignment allows, the element. */
function readNode(address: bigint, links: number, { element, size, memory }: Shape): Node | null {
  const align = alignOf(element);
  const start = Math.ceil((links * 8) / align) * align;
  const bytes = address === 0n ? null : memory.read(address, start + size);
  if (bytes === null) return null;
  const words = Array.from({ length: links }, (_, n) => readInteger(bytes.subarray(n * 8), 8, false, null));
  return { links: words, value: bytes.subarray(start) };
}

/** Colour, parent, left and right stand before the element. Level by level from the root, then in order. */
function readTree(whole: Part, shape: Shape): Elements | null {
  const count = wordOf(childOf(whole, '_M_t', '_M_impl', '_M_node_count'));
  const root = wordOf(childOf(whole, '_M_t', '_M_impl', '_M_header', '_M_parent'));
  if (count === null || root === null) return null;
  const nodes = new Map<bigint, Node>();
  let level = count === 0n ? [] : [root];
  while (level.length > 0) {
    const next: bigint[] = [];
    for (const address of level) {
      if (nodes.size >= shape.most || BigInt(nodes.size) >= count || nodes.has(address)) continue;
      const node = readNode(address, 4, shape);
      if (node === null) continue;
      nodes.set(address, node);
      next.push(...node.links.slice(2));
    }
    level = next;
  }
  const values: Uint8Array[] = [];
  const placed = new Set<bigint>();
  const open: bigint[] = [];
  let at: bigint | undefined = root;
  while (at !== undefined) {
    const node = nodes.get(at);
    if (node !== undefined && !placed.has(at)) {
      placed.add(at);
      open.push(at);
      at = node.links[2];
      continue;
    }
    const done = nodes.get(open.pop() ?? 0n);
    if (done !== undefined) values.push(done.value);
    at = done?.links[3];
  }
  return { values, count };
}

/** Next and previous stand before the element. One node leads to the next, so every round gives one more. */
function readList(whole: Part, shape: Shape): Elements | null {
  const count = wordOf(childOf(whole, '_M_impl', '_M_node', '_M_size'));
  const first = wordOf(childOf(whole, '_M_impl', '_M_node', '_M_next'));
  if (count === null || first === null) return null;
  return { values: chain(first, count, shape, (address) => readNode(address, 2, shape)), count };
}

/** Each bucket leads to the node before its first one; all of these are read in one go. */
function readHashed(whole: Part, shape: Shape): Elements | null {
  const count = wordOf(childOf(whole, '_M_h', '_M_element_count'));
  const buckets = wordOf(childOf(whole, '_M_h', '_M_bucket_count'));
  const table = wordOf(childOf(whole, '_M_h', '_M_buckets'));
  const first = wordOf(childOf(whole, '_M_h', '_M_before_begin', '_M_nxt'));
  if (count === null || buckets === null || table === null || first === null) return null;
  const bytes = count === 0n ? null : shape.memory.read(table, Number(buckets < 65536n ? buckets : 65536n) * 8);
  if (bytes !== null && count <= BigInt(shape.most)) {
    for (let at = 0; at + 8 <= bytes.length; at += 8)
      readNode(readInteger(bytes.subarray(at), 8, false, null), 1, shape);
  }
  return { values: chain(first, count, shape, (address) => readNode(address, 1, shape)), count };
}

function chain(first: bigint, count: bigint, { most }: Shape, read: (address: bigint) => Node | null): Uint8Array[] {
  const values: Uint8Array[] = [];
  let node = count === 0n ? null : read(first);
  while (node !== null && values.length < most && BigInt(values.length) < count) {
    values.push(node.value);
    node = BigInt(values.length) < count && values.length < most ? read(node.links[0] ?? 0n) : null;
  }
  return values;
}

/** `{first, second}` pairs as one object where all keys can be its names and are there once. */
function mapOf(pairs: readonly Json[], rest: string | null): Json {
  const entries = pairs.map((pair) => (isPair(pair) ? ([pair.first, pair.second] as const) : null));
  const keys = new Set(entries.map((entry) => entry?.[0]));
  const plain = entries.flatMap((entry) =>
    entry !== null && ['string', 'number', 'boolean'].includes(typeof entry[0]) ? [[String(entry[0]), entry[1]]] : [],
  );
  if (plain.length !== pairs.length || keys.size !== pairs.length) return [...pairs, ...(rest === null ? [] : [rest])];
  return Object.fromEntries(rest === null ? plain : [...plain, ['...', rest]]);
}

function isPair(value: Json): value is { readonly first: Json; readonly second: Json } {
  return typeof value === 'object' && value !== null && 'first' in value && 'second' in value;
}
