import type { BuildResult } from '../../build/types.js';
import type { Finding } from '../../events/events.js';
import type { KeptGeneration } from '../../journal/types.js';
import type { Context } from '../context.js';
import type { ModuleRecord, Pin } from '../records.js';

/**
 * Where a pinned module starts, in place of what its source gives; null where it is not pinned, where something of it runs
 * or crashed already, and where the source gives the pinned version.
 */
export function pinnedStart({ pin, running, stopped }: ModuleRecord, built: BuildResult): Pin | null {
  if (pin === null || running !== null || stopped !== null) return null;
  return built.ok && built.hash === pin.hash ? null : pin;
}

/** Why a new version of a pinned module is not switched to; null where it may be. */
export function heldAtPin({ pin, running, stopped, settings }: ModuleRecord): Finding | null {
  if (pin === null || (running === null && stopped === null)) return null;
  return {
    code: 'HM565',
    message: `${settings.name} is pinned at generation ${pin.generation}; this version was built and judged, and waits.`,
    recommendation: `"hotmod unpin ${settings.name}" brings it up to date.`,
  };
}

/** Takes over what earlier sessions pinned; a pin whose library is gone is taken away, and said. */
export function recallPins(context: Context, modules: Iterable<string>): void {
  const { journal } = context.history;
  const pins = journal.pins();
  for (const module of modules) {
    const [record, generation] = [context.records.get(module), pins.get(module)];
    if (record === undefined || generation === undefined) continue;
    const pin = pinOf(
      context,
      journal.kept(module).find((one) => one.numbers.includes(generation)),
    );
    if (pin !== null) {
      record.pin = pin;
      context.bus.emit({ type: 'module:pinned', module, generation: pin.generation });
      continue;
    }
    journal.unpin(module);
    const message = `The library of generation ${generation}, at which ${module} was pinned, is gone. It is not pinned any more and goes with its source.`;
    context.bus.emit({ type: 'session:problem', code: 'HM567', message, module });
  }
}

/** Null where its library is gone. */
export function pinOf({ builder }: Context, kept: KeptGeneration | undefined): Pin | null {
  const library = kept === undefined ? null : builder.libraryOf(kept.module, kept.hash);
  return kept === undefined || library === null ? null : { ...kept, library };
}

/** @returns whether it was pinned. */
export function unpin(context: Context, record: ModuleRecord): boolean {
  if (record.pin === null) return false;
  const module = record.settings.name;
  record.pin = null;
  context.history.journal.unpin(module);
  context.bus.emit({ type: 'module:unpinned', module });
  return true;
}
