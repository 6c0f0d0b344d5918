import type { DebugType } from '../debuginfo/types.js';
import { comparePair, type Part } from './parts.js';
import { type PlainType, strip } from './strip.js';

/** Where two types of two builds differ first, and how. */
export interface Difference {
  /** `.budget.money`, `.rooms[].size`, `->next`; '' for the types themselves. `(1)` is a function's first parameter, `()` its result. */
  readonly path: string;
  readonly before: string;
  readonly after: string;
}

/**
 * Compares types of two builds. Layout and meaning count: names, offsets, sizes, values of enumerators, what pointers
 * lead to in full depth. Qualifiers and the names of types do not: `struct a {int x;}` and `struct b {int x;}` are the
 * same. Names do count where the fields do not tell everything: declarations without a definition, and templates, whose
 * arguments may show in no field (the tree of `std::map<int, float>` looks like that of `std::map<int, int>`).
 * Every pair is looked at once, so that comparing thousands of variables stays linear.
 */
export interface TypeComparer {
  /** The same, pointees included. */
  same(before: DebugType, after: DebugType): boolean;
  /** The same by value: what pointers lead to is not looked at. */
  sameLayout(before: DebugType, after: DebugType): boolean;
  /** The first difference of two types, one by value before those behind pointers; null where there is none. */
  difference(before: DebugType, after: DebugType): Difference | null;
}

export function createTypeComparer(): TypeComparer {
  const deep = createComparison(true);
  const flat = createComparison(false);
  return {
    same: (before, after) => !deep(before, after).differs,
    sameLayout: (before, after) => !flat(before, after).differs,
    difference(before, after) {
      const byValue = flat(before, after);
      const pair = byValue.differs ? byValue : deep(before, after);
      return pair.differs ? firstDifference(pair) : null;
    },
  };
}

/** Two types that stand in the same place of two builds. */
interface Pair {
  readonly before: PlainType;
  readonly after: PlainType;
  /** In the order of the declaration; the last may be a difference of the two themselves. */
  items: readonly Item[];
  /** Pairs that hold or point to this one, as long as the answer is open. */
  users: Pair[];
  differs: boolean;
}

type Item = Difference | { readonly step: string; readonly pair: Pair };

/**
 * Types may refer to themselves, so two of them are the same unless a difference can be reached (a coinductive
 * definition). All pairs within reach that have no answer yet are collected first; then what differs by itself makes those
 * differ that lead to it. There is no recursion: a damaged file may nest types deeper than a stack.
 */
function createComparison(throughPointers: boolean): (before: DebugType, after: DebugType) => Pair {
  const answers = new WeakMap<PlainType, WeakMap<PlainType, Pair>>();

  return (before, after) => {
    const fresh = new Map<PlainType, Map<PlainType, Pair>>();
    const open: Pair[] = [];
    const differing: Pair[] = [];

    const pairOf = (a: DebugType, b: DebugType): Pair => {
      const [one, other] = [strip(a), strip(b)];
      const known = answers.get(one)?.get(other) ?? fresh.get(one)?.get(other);
      if (known !== undefined) return known;
      const pair: Pair = { before: one, after: other, items: [], users: [], differs: false };
      const row = fresh.get(one) ?? new Map<PlainType, Pair>();
      fresh.set(one, row.set(other, pair));
      open.push(pair);
      return pair;
    };
    const markDiffering = (pair: Pair): void => {
      if (pair.differs) return;
      pair.differs = true;
      differing.push(pair);
    };

    const root = pairOf(before, after);
    for (let pair = open.pop(); pair !== undefined; pair = open.pop()) {
      const parts = pair.before === pair.after ? [] : comparePair(pair.before, pair.after, throughPointers);
      pair.items = parts.map((part) => itemOf(part, pairOf));
      for (const item of pair.items) {
        if (!('pair' in item) || item.pair.differs) markDiffering(pair);
        else item.pair.users.push(pair);
      }
    }
    for (let pair = differing.pop(); pair !== undefined; pair = differing.pop()) {
      for (const user of pair.users) markDiffering(user);
    }

    // Only complete answers are kept: reading a type may have thrown half-way.
    for (const [one, row] of fresh) {
      const kept = answers.get(one) ?? new WeakMap<PlainType, Pair>();
      answers.set(one, kept);
      for (const [other, pair] of row) {
        pair.users = [];
        kept.set(other, pair);
      }
    }
    return root;
  };
}

function itemOf(part: Part, pairOf: (before: DebugType, after: DebugType) => Pair): Item {
  if (!('step' in part)) return { path: part.path, before: part.said[0], after: part.said[1] };
  return { step: part.step, pair: pairOf(part.before, part.after) };
}

/** The way from the outermost types to an item, innermost step first: joined at the end, because it may be long. */
interface Way {
  readonly step: string;
  readonly from: Way | null;
}

/** Depth first in the order of declaration, each pair once. */
function firstDifference(root: Pair): Difference {
  const seen = new Set<Pair>();
  const open: { readonly from: Way | null; readonly item: Item }[] = [{ from: null, item: { step: '', pair: root } }];
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    const { item, from } = next;
    if (!('pair' in item)) return { ...item, path: pathOf({ step: item.path, from }) };
    if (!item.pair.differs || seen.has(item.pair)) continue;
    seen.add(item.pair);
    const way = { step: item.step, from };
    for (const one of item.pair.items.toReversed()) open.push({ from: way, item: one });
  }
  throw new Error('firstDifference: two types differ, but nothing of them does');
}

/** `->` and `.next` are `->next`. */
function pathOf(last: Way): string {
  const steps: string[] = [];
  for (let way: Way | null = last; way !== null; way = way.from) steps.push(way.step);
  return steps.reverse().join('').replaceAll('->.', '->');
}
