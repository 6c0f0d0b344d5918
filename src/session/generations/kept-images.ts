import { HostGone, type KeptImage } from '../../host/host.js';
import type { Context } from '../context.js';
import { problemOf } from '../problem.js';
import { describeKept } from './kept-texts.js';
import { versionsInUse } from './libraries.js';

export interface KeptImages {
  /** Looks for old versions that cannot be unloaded, and tells of those that are new or gone. Never throws. */
  look(): void;
}

/** A search takes every word for a pointer, and what lies unused in a program holds a few old ones for a while. */
const searchesToBeSure = 2;

/**
 * Follows which old versions stay in memory. The host searches for what holds on to them, after each reload and once more
 * when it is asked; here addresses become names.
 */
export function createKeptImages(context: Context): KeptImages {
  /** What was last told of each. */
  const told = new Map<string, { readonly image: KeptImage; readonly about: string }>();
  /** Modules of which it was told that memory points into an old version: what many reloads leave is not said each time. */
  const pointedInto = new Set<string>();
  /** Of the versions that run, that ran before them, and that are kept. */
  const libraries = new Map<string, string>();
  let looking = false;
  let again = false;

  const lookNow = async (): Promise<void> => {
    rememberLibraries(context, libraries);
    const images = await context.host.kept();
    if (context.closing) return;
    const names = new Set(images.map(nameOf));
    for (const [name, { image }] of told) {
      if (names.has(name)) continue;
      told.delete(name);
      const { module, generation } = image;
      context.bus.emit({ type: 'image:closed', module, generation });
    }
    for (const image of images.filter(isWorthTelling)) {
      const before = told.get(nameOf(image));
      if (before?.about === aboutOf(image)) continue;
      told.set(nameOf(image), { image, about: aboutOf(image) });
      const described = await describeKept(
        context,
        image,
        (name, number) => libraries.get(`${number} ${name}`) ?? null,
      );
      const again = before !== undefined || (image.blocker === 'memory' && pointedInto.has(image.module));
      if (image.blocker === 'memory') pointedInto.add(image.module);
      context.bus.emit({ type: 'image:kept', ...described, again });
    }
    forgetLibraries(context, libraries, names);
  };

  const lookUntilDone = async (): Promise<void> => {
    looking = true;
    do {
      again = false;
      try {
        await lookNow();
      } catch (error) {
        // Another host follows, and with it another look.
        if (!(error instanceof HostGone)) context.bus.emit({ type: 'session:problem', ...problemOf(error) });
      }
    } while (again && !context.closing);
    looking = false;
  };

  return {
    look() {
      again = true;
      if (!looking) void lookUntilDone();
    },
  };
}

function rememberLibraries(context: Context, libraries: Map<string, string>): void {
  for (const version of versionsInUse(context)) libraries.set(nameOf(version), version.library);
}

function forgetLibraries(context: Context, libraries: Map<string, string>, kept: ReadonlySet<string>): void {
  const used = new Set([...versionsInUse(context)].map(nameOf));
  for (const name of libraries.keys()) if (!used.has(name) && !kept.has(name)) libraries.delete(name);
}

function isWorthTelling({ blocker, searches }: KeptImage): boolean {
  if (blocker === 'memory') return searches >= searchesToBeSure;
  return blocker !== 'unsearched' && blocker !== 'wayBack';
}

function nameOf({ module, generation }: Pick<KeptImage, 'module' | 'generation'>): string {
  return `${generation} ${module}`;
}

/** A thread goes from place to place, and an object may lie elsewhere: that is no news. */
function aboutOf({ blocker, holder, holderGeneration, place, thread, text }: KeptImage): string {
  const where = blocker === 'variable' ? place : '';
  return [blocker, holder, holderGeneration, where, thread, blocker === 'memory' ? '' : text].join(' ');
}
