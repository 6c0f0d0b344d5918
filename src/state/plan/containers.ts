import type { RecordType } from '../../debuginfo/types.js';
import type { Spot } from './context.js';
import { code, type Operation } from './operations.js';

/**
 * Containers of libstdc++ whose nodes on the heap point back to the header inside the variable (bits/stl_list.h,
 * bits/stl_tree.h, bits/hashtable.h). Offsets are those of 64-bit machines: the first and the last node of a list, the
 * root of a tree, the bucket of a hash table that begins with its first node.
 */
export function heapFixes(record: RecordType, { from, to }: Spot): readonly Operation[] {
  if (record.scope[0] !== 'std') return [];
  const fix = (word: number, back: number): Operation => ({
    code: code.fix,
    from: from + word,
    to,
    count: 1,
    a: back,
    b: from,
  });
  if (record.name === '_List_node_header') return [fix(0, 8), fix(8, 0)];
  if (record.name === '_Rb_tree_header') return [fix(8, 8)];
  if (record.name?.startsWith('_Hashtable<') === true) {
    const buckets = offsetOf(record, '_M_buckets');
    const count = offsetOf(record, '_M_bucket_count');
    const header = offsetOf(record, '_M_before_begin');
    if (buckets === null || count === null || header === null) return [];
    return [{ code: code.fixArray, from: from + buckets, to, count: 1, a: from + count, b: from + header }];
  }
  return [];
}

function offsetOf(record: RecordType, name: string): number | null {
  return record.fields.find((field) => field.name === name)?.offset ?? null;
}
