import type { Profiler } from 'node:inspector';

/** Self time of one function, or of one file. */
export interface Spent {
  readonly name: string;
  readonly ms: number;
}

/** From and to, microseconds on the clock of the profile (the monotonic one). */
export interface Window {
  readonly from: number;
  readonly to: number;
}

export interface Spending {
  readonly files: readonly Spent[];
  readonly functions: readonly Spent[];
  /** Nothing to do: waiting for the tools, the host, a timer. */
  readonly idleMs: number;
  readonly busyMs: number;
}

/**
 * Sums a CPU profile of V8 (Chrome DevTools protocol, `Profiler.Profile`: `samples[n]` is the node that ran at the sum of
 * the first n + 1 `timeDeltas` after `startTime`) by file and by function, as far as it lies within the windows; longest
 * first. What Node does itself, such as a system call, is counted to the function of ours or of a package that asked for it.
 */
export function summarise(profile: Profiler.Profile, windows: readonly Window[]): Spending {
  const { nodes, samples = [], timeDeltas = [], startTime } = profile;
  const places = placesOf(nodes);
  const files = new Map<string, number>();
  const functions = new Map<string, number>();
  let idleMs = 0;
  let busyMs = 0;
  let at = startTime;
  for (const [index, id] of samples.entries()) {
    at += timeDeltas[index] ?? 0;
    // A sample stands for the time until the next one.
    const ms = (timeDeltas[index + 1] ?? 0) / 1000;
    const place = places.get(id);
    if (place === undefined || !windows.some(({ from, to }) => at >= from && at < to)) continue;
    if (place.file === '(idle)') {
      idleMs += ms;
      continue;
    }
    busyMs += ms;
    files.set(place.file, (files.get(place.file) ?? 0) + ms);
    functions.set(place.name, (functions.get(place.name) ?? 0) + ms);
  }
  return { files: ranked(files), functions: ranked(functions), idleMs, busyMs };
}

interface Place {
  readonly file: string;
  /** File and function, and behind it what of Node's own it was in. */
  readonly name: string;
}

type Node = Profiler.ProfileNode;

function placesOf(nodes: readonly Node[]): ReadonlyMap<number, Place> {
  const parents = new Map(nodes.flatMap((node) => (node.children ?? []).map((child) => [child, node] as const)));
  return new Map(nodes.map((node) => [node.id, placeOf(node, parents)]));
}

function placeOf(node: Node, parents: ReadonlyMap<number, Node>): Place {
  const own = node.callFrame.functionName;
  let asker: Node | undefined = node;
  while (asker !== undefined && !isOutsideNode(asker)) asker = parents.get(asker.id);
  if (asker === undefined) {
    // Nobody of ours: V8's own states, such as (garbage collector), and Node's loop.
    const file = own.startsWith('(') && own !== '(root)' ? own : 'node';
    return { file, name: file === own ? own : `node ${own}` };
  }
  const { url, functionName, lineNumber } = asker.callFrame;
  // Ours from `dist/` on, packages from `node_modules/` on.
  const file = url.replace(/^.*\/node_modules\//, '').replace(/^.*\/(?:dist|src)\//, '');
  const name = `${file} ${functionName === '' ? `(line ${lineNumber + 1})` : functionName}`;
  return { file, name: asker === node ? name : `${name} > ${own}` };
}

function isOutsideNode({ callFrame: { url } }: Node): boolean {
  return url !== '' && !url.startsWith('node:');
}

function ranked(spent: ReadonlyMap<string, number>): readonly Spent[] {
  return [...spent].map(([name, ms]) => ({ name, ms })).sort((a, b) => b.ms - a.ms);
}
