import { readFile } from 'node:fs/promises';
import { sep } from 'node:path';
import { z } from 'zod';
import { contentHash } from '../../files/hash.js';
import type { FileHashes } from '../hashes.js';
import { clockTickMs } from '../hashes.js';
import type { NameCache } from '../includes.js';
import type { CompileStep } from '../steps.js';
import type { Surroundings } from '../surroundings.js';
import { holds, parsed, splitHead, withHead } from './checks.js';
import { type CompilerProbe, createCompilerProbes } from './compiler-probe.js';
import { inside, keysOf, outside, type UnitKeys } from './draft.js';
import { listInputs } from './inputs.js';
import { isShareable } from './shareable.js';
import type { CacheStore } from './store.js';

type Around = Surroundings & { readonly names: NameCache };

/** What was found for a unit; the object's bytes are the caller's to write. */
export interface SharedObject {
  readonly object: Uint8Array;
  readonly headers: readonly (readonly [string, string])[];
  readonly absent: readonly string[];
  readonly output: string;
}

/** A unit that is about to be compiled, as it and its compiler are at that moment. */
export interface UnitDraft {
  readonly unit: CompileStep;
  readonly sourceHash: string;
  readonly keys: UnitKeys;
  readonly probe: CompilerProbe;
  readonly startedMs: number;
}

/** An object of a project's own store that others may have use for. */
export interface MadeObject {
  readonly path: string;
  readonly hash: string;
  readonly headers: readonly (readonly [string, string])[];
  readonly absent: readonly string[];
  readonly output: string;
}

export interface SharedObjects {
  /**
   * Undefined for a unit whose object cannot be shared. Where nothing is known of the compiler yet it is asked; a save
   * does not wait for that, and then gives no draft (`wait` false).
   */
  draft(
    unit: CompileStep,
    sourceHash: string,
    startedMs: number,
    wait: boolean,
    around: Around,
  ): Promise<UnitDraft | undefined>;
  /** The object that the compiler would make of this unit now. Never rejects. */
  find(draft: UnitDraft, around: Around): Promise<SharedObject | undefined>;
  /** Has the system headers looked at again; called when builds begin after a rest. */
  lookAgain(): void;
  /** Puts an object there for others, where nothing that it was made of has changed since. Never rejects. */
  keep(draft: UnitDraft, made: MadeObject, around: Around): Promise<boolean>;
}

const pairs = z.array(z.tuple([z.string(), z.string()]));
const alternativesSchema = z.array(
  z.object({
    object: z.string().regex(/^[0-9a-f]{32}$/),
    set: z.string().regex(/^[0-9a-f]{32}$/),
    headers: pairs,
    absent: z.array(z.string()),
    /** In the form of `UnitInputs.absent`. */
    further: z.array(z.string()),
  }),
);
type Alternatives = z.infer<typeof alternativesSchema>;
const setSchema = z.object({ files: pairs, absent: z.array(z.string()) });
const objectSchema = z.object({ output: z.string(), hash: z.string() });
type ObjectHead = z.infer<typeof objectSchema>;

/** Versions of headers that one source is kept for. */
const maxAlternatives = 16;

/** 1,000 units that are built together ask at once: system headers that were as they had been are believed for so long. */
const setTrustMs = 1000;

export function createSharedObjects(store: CacheStore, now: () => number = () => performance.now()): SharedObjects {
  const probes = createCompilerProbes();
  const sets = new Map<string, { readonly at: number; readonly holds: boolean }>();

  return {
    async draft(unit, sourceHash, startedMs, wait, around) {
      // In an environment that nobody named there may be a CPATH that is not part of any key.
      if (around.baseEnv === undefined || !isShareable(unit)) return undefined;
      const probe = wait ? await probes.of(unit, around) : probes.ready(unit, around);
      if (probe === undefined) return undefined;
      return { unit, sourceHash, startedMs, probe, keys: keysOf(unit, sourceHash, probe, around) };
    },

    async find({ keys }, around) {
      for (const key of [keys.placed, keys.portable]) {
        if (key === null || !store.has('units', key)) continue;
        for (const one of await readAlternatives(key)) {
          const headers = one.headers.map(([path, hash]) => [outside(path, around.cwd), hash] as const);
          const absent = one.absent.map((path) => outside(path, around.cwd));
          const further = one.further.map((path) => outside(path, around.cwd));
          if (!holds({ files: headers, absent: [...absent, ...further] }, around.hashes)) continue;
          if (!(await setHolds(one.set, around.hashes))) continue;
          const object = await readObject(one.object);
          if (object !== undefined) return { ...object, headers, absent };
        }
      }
      return undefined;
    },

    lookAgain: () => sets.clear(),

    async keep({ unit, sourceHash, keys, probe, startedMs }, made, around) {
      const own = new Set(made.headers.map(([path]) => path));
      const known = { files: new Set([unit.source, ...own]), before: startedMs - clockTickMs };
      // A clock that was set, or a file from the future: nothing can be said of what came first.
      const inputs = await listInputs(unit, probe.systemDirs, known, around).catch(() => undefined);
      if (inputs === undefined || around.hashes.of(unit.source)?.hash !== sourceHash) return false;
      const listed = new Map(inputs.files);
      // What the compiler lists without its system headers is what the build saw, and it is still the same.
      if (!made.headers.every(([path, hash]) => listed.get(path) === hash)) return false;
      const ofSystem = (path: string): boolean => probe.systemDirs.some((dir) => path.startsWith(dir + sep));
      const set = {
        files: inputs.files.filter(([path]) => !own.has(path)),
        absent: inputs.absent.filter(ofSystem),
      };
      const bytes = await readFile(made.path).catch(() => undefined);
      if (bytes === undefined || contentHash(bytes) !== made.hash) return false;
      const now = keysOf(unit, sourceHash, probe, around);
      if (now.placed !== keys.placed) return false;

      const portable =
        keys.portable !== null &&
        inputs.placeUnseen &&
        !made.output.includes(around.cwd) &&
        set.files.every(([path]) => inside(path, around.cwd) === path);
      const key = portable && keys.portable !== null ? keys.portable : keys.placed;
      const short = (path: string): string => (portable ? inside(path, around.cwd) : path);
      const headers = made.headers.map(([path, hash]): [string, string] => [short(path), hash]);
      const absent = made.absent.map(short);
      const further = inputs.absent.filter((path) => !ofSystem(path)).map(short);
      const setText = JSON.stringify(set);
      const setKey = contentHash(setText);
      const objectKey = contentHash(JSON.stringify([key, headers, setKey]));
      // What names others is written last, so that a kill in between leaves nothing that leads nowhere.
      const written =
        (store.has('sets', setKey) || (await store.write('sets', setKey, Buffer.from(setText)))) &&
        (await store.write(
          'objects',
          objectKey,
          withHead({ output: made.output, hash: made.hash } satisfies ObjectHead, bytes),
        ));
      if (!written) return false;
      const others = store.has('units', key) ? await readAlternatives(key) : [];
      const all = [
        { object: objectKey, set: setKey, headers, absent, further },
        ...others.filter((one) => one.object !== objectKey),
      ];
      return store.write('units', key, Buffer.from(JSON.stringify(all.slice(0, maxAlternatives))));
    },
  };

  async function readAlternatives(key: string): Promise<Alternatives> {
    const text = await store.read('units', key);
    if (text === undefined) return [];
    const read = alternativesSchema.safeParse(parsed(text));
    if (read.success) return read.data;
    await store.drop('units', key, 'it is of another form');
    return [];
  }

  async function setHolds(key: string, hashes: FileHashes): Promise<boolean> {
    const known = sets.get(key);
    if (known !== undefined && now() - known.at < setTrustMs) return known.holds;
    const text = await store.read('sets', key);
    const read = text === undefined ? undefined : setSchema.safeParse(parsed(text));
    if (read?.success === false) await store.drop('sets', key, 'it is of another form');
    const answer = read?.success === true && holds(read.data, hashes);
    sets.set(key, { at: now(), holds: answer });
    return answer;
  }

  async function readObject(key: string): Promise<Pick<SharedObject, 'object' | 'output'> | undefined> {
    const payload = await store.read('objects', key);
    if (payload === undefined) return undefined;
    const split = splitHead(payload, objectSchema);
    if (split !== undefined) return { object: split.bytes, output: split.head.output };
    await store.drop('objects', key, 'the object in it is another one');
    return undefined;
  }
}
