import { type Host, HostGone, type Inheritance } from '../../host/host.js';
import { noState, stateOf, type Transfer } from '../../reload/transact.js';
import type { Context } from '../context.js';
import { leaveOut } from '../leave-out.js';
import { loadOrder } from '../order.js';
import { type KnownLibrary, type ModuleRecord, stageRequest, type Version } from '../records.js';
import type { BothVersions } from '../types-of-both.js';
import { describeLoss, planPast } from './plan-past.js';

/** What is known of a host that has ended. */
export interface LeftBehind {
  /** See `Host.copiesFile`. */
  readonly copiesFile: string;
  /** What may have left the copies: also what is not to run any more, or was switched to without an answer. */
  readonly versions: readonly KnownLibrary[];
  /** Modules whose state may be what ended it. */
  readonly suspects: ReadonlySet<string>;
  /** Who wants all of them from their start, to stand after "because"; empty where nobody does. */
  readonly because: string;
}

/** With what one module begins again: its state, or the reason why it has none. */
type Heritage = { readonly transfer: Transfer; readonly both: BothVersions } | { readonly why: string };

interface Beginning {
  readonly record: ModuleRecord;
  readonly version: Version;
}

/**
 * Loads the version of every module that is to run into a fresh host, providers first, and switches all of them in one
 * commit, so that no frame runs without one of them. Each goes on with its variables of the last frame boundary; where not
 * all of these mean something in another process, it begins anew, and that is said. A module that cannot even begin is
 * left out.
 */
export async function takeOver(context: Context, left: LeftBehind): Promise<void> {
  const { host } = context;
  const inheritance = await inherit(host, left);
  const heritages = new Map<string, Heritage>();
  for (let done = false; !done; ) {
    const beginnings = await stageAll(context);
    for (const beginning of beginnings) {
      const name = beginning.record.settings.name;
      if (!heritages.has(name)) heritages.set(name, await heritageOf(context, left, inheritance, beginning));
    }
    // Only now is everything there that a variable may hold an address of.
    const whole = await lookAtAll(host, heritages);
    // A plan that was looked at is the host's until the module is staged again.
    done = whole && (await begin(context, beginnings, heritages, inheritance, left.because !== ''));
  }
  await host.endInheritance();
}

async function inherit(host: Host, { copiesFile }: LeftBehind): Promise<Inheritance> {
  return copiesFile === '' ? { frame: 0, generations: new Map() } : host.inherit(copiesFile);
}

async function stageAll(context: Context): Promise<readonly Beginning[]> {
  const running = [...context.records.values()].filter((record) => record.running !== null);
  const beginnings: Beginning[] = [];
  for (const { name } of loadOrder(running.map((record) => record.settings))) {
    const record = context.records.get(name);
    const version = record?.running ?? null;
    if (record === undefined || version === null) continue;
    const staged = await context.host.stage(stageRequest(name, version));
    if (staged.ok) beginnings.push({ record, version });
    else leaveOut(context, record, staged);
  }
  return beginnings;
}

async function heritageOf(
  context: Context,
  { versions, suspects, because }: LeftBehind,
  { generations }: Inheritance,
  { record, version }: Beginning,
): Promise<Heritage> {
  const { name } = record.settings;
  if (because !== '') return { why: because };
  if (suspects.has(name)) return { why: 'its state may be why the host before it ended' };
  const copied = generations.get(name);
  const from = versions.find(({ module, generation }) => module === name && generation === copied);
  if (from === undefined) return { why: 'there was no copy of its variables' };
  return planPast(context.models, { from, to: version });
}

/**
 * The host has both at hand, the copies and the version that waits, and says which pointers lead to what is gone. False
 * where a module has to go without its state.
 */
async function lookAtAll(host: Host, heritages: Map<string, Heritage>): Promise<boolean> {
  let whole = true;
  for (const [module, heritage] of heritages) {
    if ('why' in heritage) continue;
    const { transfer, both } = heritage;
    const { ok, message, findings } = await host.probe({ module, transfer: transfer.request });
    const why = ok ? describeLoss(both, findings) : message;
    if (why === '') continue;
    heritages.set(module, { why });
    whole = false;
  }
  return whole;
}

/**
 * Whether it is over: one that failed is left out, or goes without its state, and all others are tried again.
 *
 * @param asked somebody wants all modules from their start.
 */
async function begin(
  context: Context,
  beginnings: readonly Beginning[],
  heritages: Map<string, Heritage>,
  { frame }: Inheritance,
  asked: boolean,
): Promise<boolean> {
  if (beginnings.length === 0) return true;
  const names = beginnings.map(({ record }) => record.settings.name);
  const transferOf = (name: string): Transfer | null => {
    const heritage = heritages.get(name);
    return heritage !== undefined && 'transfer' in heritage ? heritage.transfer : null;
  };
  const plans = Object.fromEntries(
    names.flatMap((name) => {
      const transfer = transferOf(name);
      return transfer === null ? [] : [[name, transfer.request] as const];
    }),
  );
  const result = await context.host.commit({ modules: names, plans });
  if (!result.ok) {
    const failed = beginnings.find(({ record }) => record.settings.name === result.module);
    if (failed === undefined) throw new HostGone(result.message);
    if (result.step === 'transfer' && transferOf(result.module) !== null) {
      heritages.set(result.module, { why: result.message });
    } else {
      heritages.delete(result.module);
      leaveOut(context, failed.record, result);
    }
    return false;
  }
  for (const { record, version } of beginnings) {
    const { name } = record.settings;
    const transfer = transferOf(name);
    const heritage = heritages.get(name);
    const counted = result.modules.find(({ module }) => module === name)?.state ?? noState;
    record.tookOver = transfer === null ? 0 : version.generation;
    const { generation } = version;
    const state = transfer === null ? counted : stateOf(transfer, counted);
    const fate =
      heritage !== undefined && 'why' in heritage
        ? `from its start: ${heritage.why}`
        : `in a new host with its variables as they were before frame ${frame}`;
    const message = `Generation ${generation} runs again, ${fate}.`;
    const lost = transfer === null && !asked ? { code: 'HM591' } : {};
    context.bus.emit({ type: 'module:restarted', module: name, generation, message, state, ...lost });
  }
  return true;
}
