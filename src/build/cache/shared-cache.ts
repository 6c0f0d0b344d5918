import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createIdleWork } from '../idle-work.js';
import type { NameCache } from '../includes.js';
import type { LinkTemplate } from '../link-template.js';
import type { CachedObject, ObjectCache } from '../objects.js';
import type { CompileStep } from '../steps.js';
import type { Surroundings } from '../surroundings.js';
import { ownTempDir } from '../temp-dir.js';
import { pruneEntries } from './contents.js';
import { createSharedLibraries, type LinkDraft, type LinkedLibrary } from './shared-libraries.js';
import { createSharedObjects, type UnitDraft } from './shared-objects.js';
import { type CacheProblem, openCacheStore } from './store.js';

export interface SharedCacheOptions {
  /** The user's cache folder. */
  readonly cacheDir: string;
  readonly limitBytes: number;
  readonly onProblem: (problem: CacheProblem) => void;
  /** How long no build must have run before something is stored. Default: 1.5 s. */
  readonly restMs?: number;
}

/** What compiling needs of the world to share its objects. */
export type SharingContext = Surroundings & {
  readonly names: NameCache;
  readonly objects: ObjectCache;
  readonly now: () => number;
};

export type LinkingContext = Surroundings & { readonly now: () => number };

/** Objects and libraries that all projects of a user find, made by any of their sessions. */
export interface SharedCache extends AsyncDisposable {
  /** While a build runs nothing is stored; what it returns ends that. */
  hold(): () => void;
  /** See `SharedObjects.draft`. */
  draft(unit: CompileStep, sourceHash: string, wait: boolean, context: SharingContext): Promise<UnitDraft | undefined>;
  /** Brings the object into the project's own store. */
  take(draft: UnitDraft, unitKey: string, index: number, context: SharingContext): Promise<CachedObject | undefined>;
  /** Has the object in the project's own store put there for others, once no build runs. */
  keepLater(draft: UnitDraft, unitKey: string, context: SharingContext): void;
  /** See `SharedLibraries.draft`. */
  draftLink(
    linkKey: string,
    template: LinkTemplate,
    wait: boolean,
    context: LinkingContext,
  ): Promise<LinkDraft | undefined>;
  /** The bytes of the library that this link gives, where some session has made it. */
  takeLibrary(draft: LinkDraft, context: LinkingContext): Promise<Uint8Array | undefined>;
  keepLibraryLater(draft: LinkDraft, made: LinkedLibrary, context: LinkingContext): void;
  /** Stores what waits, without waiting for rest. */
  settle(): Promise<void>;
}

const defaultRestMs = 1500;

/** A session that ends does not wait longer for what is still to be stored. */
const lastStoresMs = 500;

let jobs = 0;

export function openSharedCache({
  cacheDir,
  limitBytes,
  onProblem,
  restMs = defaultRestMs,
}: SharedCacheOptions): SharedCache {
  const store = openCacheStore(cacheDir, onProblem);
  const objects = createSharedObjects(store);
  const libraries = createSharedLibraries(store);
  let counts = { hits: 0, misses: 0, stored: 0 };
  let bytesSincePrune = Number.POSITIVE_INFINITY;

  const afterwards = async (): Promise<void> => {
    const said = counts;
    counts = { hits: 0, misses: 0, stored: 0 };
    await store.count(said);
    // The whole folder is looked at, so not after each entry: at first, and whenever a part of the limit was added.
    if (bytesSincePrune < limitBytes / 50) return;
    bytesSincePrune = 0;
    await pruneEntries(cacheDir, limitBytes);
  };
  const count = (found: boolean): void => {
    counts[found ? 'hits' : 'misses']++;
    // Nothing to do but to have the counts written when there is rest.
    idle.offer('counts', async () => undefined);
  };
  const stored = (bytes: number): void => {
    counts.stored++;
    bytesSincePrune += bytes;
  };
  const tempDirIn = (outDir: string): string => ownTempDir(outDir, `share-${++jobs}`);
  const idle = createIdleWork({ restMs, afterwards });

  let held = 0;
  return {
    hold() {
      if (held++ === 0) objects.lookAgain();
      const release = idle.hold();
      return () => {
        held--;
        release();
      };
    },

    draft: (unit, sourceHash, wait, context) => objects.draft(unit, sourceHash, context.now(), wait, context),

    async take(draft, unitKey, index, context) {
      const found = await objects.find(draft, context);
      count(found !== undefined);
      if (found === undefined) return undefined;
      // It may be the first that the build writes.
      mkdirSync(context.tempDir, { recursive: true });
      const object = join(context.tempDir, `${index}.o`);
      writeFileSync(object, found.object);
      return context.objects.store(unitKey, { ...found, object });
    },

    keepLater(draft, unitKey, context) {
      const tempDir = tempDirIn(context.outDir);
      idle.offer(`${context.outDir} ${draft.unit.source}`, async (signal) => {
        const made = context.objects.find(unitKey);
        if (made === undefined) return;
        if (!(await objects.keep(draft, made, { ...context, signal, tempDir }))) return;
        stored(context.hashes.of(made.path)?.size ?? 0);
      });
    },

    draftLink: (linkKey, template, wait, context) => libraries.draft(linkKey, template, context.now(), wait, context),

    async takeLibrary(draft, context) {
      const found = await libraries.find(draft, context);
      count(found !== undefined);
      return found;
    },

    keepLibraryLater(draft, made, context) {
      const tempDir = tempDirIn(context.outDir);
      idle.offer(`${context.outDir} ${made.name.split('.')[0]}`, async (signal) => {
        if (!(await libraries.keep(draft, made, { ...context, signal, tempDir }))) return;
        stored(context.hashes.of(made.path)?.size ?? 0);
      });
    },

    settle: () => idle.finish(60_000),

    async [Symbol.asyncDispose]() {
      await idle.finish(lastStoresMs);
      await idle[Symbol.asyncDispose]();
      await store.count(counts);
    },
  };
}
