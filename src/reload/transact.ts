import type { Assessment } from '../assess/types.js';
import type { EntryNames } from '../config/resolved.js';
import type { Finding, StateSummary } from '../events/events.js';
import type {
  CopyPatch,
  Host,
  ModuleFacts,
  ModuleImport,
  ProbeFinding,
  ProbeResult,
  RawCrash,
  TransferRequest,
} from '../host/host.js';

/** A version that was built, validated and found acceptable, ready to take the place of the one that runs. */
export interface Candidate {
  readonly module: string;
  readonly generation: number;
  readonly library: string;
  readonly entry: EntryNames;
  /** See `StageRequest`. */
  readonly imports: readonly ModuleImport[];
  readonly patches: readonly CopyPatch[];
  readonly assessment: Assessment;
  /** The generation that it was compared with; null where nothing ran. */
  readonly replaces: number | null;
}

/** How the state gets over, and what becomes of it in numbers. */
export interface Transfer {
  readonly request: TransferRequest;
  /** Whether any of its checks can find something: only then are the live values looked at. */
  readonly checks: boolean;
  readonly summary: StateSummary;
}

export interface TransactionRequest {
  readonly host: Host;
  /** Providers before dependents. */
  readonly candidates: readonly Candidate[];
  /** Called while the host loads a candidate: time for what can be worked out from the files alone. Must not throw. */
  readonly meanwhile: (candidate: Candidate) => void;
  /** How a candidate's state is carried over, now that its real hooks are known; null where the module does so itself. */
  readonly transferOf: (candidate: Candidate, facts: ModuleFacts) => Transfer | null;
  /** How its variables would get back, should it crash on probation; null where they go back as of the reload. */
  readonly returnOf: (candidate: Candidate, facts: ModuleFacts) => TransferRequest | null;
  /** The verdict again, now that the new version is loaded beside the old one and the live values were looked at. */
  readonly confirm: (candidate: Candidate, facts: ModuleFacts, findings: readonly ProbeFinding[]) => Assessment;
  /** See `CommitRequest.overrule`. */
  readonly overrule: boolean;
  /** Whether a confirmed verdict may go on. */
  readonly accepts: (assessment: Assessment) => boolean;
  /** Called when everything was looked at, immediately before the one step that changes the program. */
  readonly decided: () => Promise<void>;
}

export interface Switched {
  readonly module: string;
  readonly facts: ModuleFacts;
  readonly assessment: Assessment;
  readonly state: StateSummary;
  readonly loadMs: number;
}

export type TransactionResult =
  | { readonly outcome: 'switched'; readonly pauseMs: number; readonly modules: readonly Switched[] }
  /** What a candidate was compared with runs no longer: all of it has to be asked again. */
  | { readonly outcome: 'stale'; readonly reasons: readonly Finding[] }
  | {
      /** `failed`: the new version could not be loaded. `refused`: its verdict changed. `rolledBack`: a step failed. */
      readonly outcome: 'failed' | 'refused' | 'rolledBack';
      readonly module: string;
      readonly reasons: readonly Finding[];
      /** The verdict where it is another one now than before loading; null where it stands. */
      readonly assessment: Assessment | null;
      readonly loadMs: number;
      readonly pauseMs: number;
      /** Where the step that failed crashed; null where it did not. */
      readonly crash: RawCrash | null;
    };

/**
 * Carries one transaction out: every candidate is loaded beside its old version, looked at again, and only when all
 * of them have passed are they switched, in one pause. What fails before that leaves the running program untouched.
 */
export async function transact(request: TransactionRequest): Promise<TransactionResult> {
  const { host, candidates } = request;
  const staged: Staged[] = [];
  const giveUp = (): Promise<void> => host.discard(staged.map((one) => one.candidate.module));

  for (const candidate of candidates) {
    const { module, generation, library, entry, imports, patches, replaces } = candidate;
    const startsWith = replaces === null;
    const loading = host.stage({ module, generation, library, entry, imports, patches, startsWith });
    request.meanwhile(candidate);
    const result = await loading;
    if (!result.ok) {
      await giveUp();
      const assessment = blocked(candidate.assessment, result);
      // An api_version that does not fit is a matter of the verdict, although it shows only now.
      const outcome = result.code === 'HM402' ? 'refused' : 'failed';
      return {
        outcome,
        module,
        reasons: assessment.reasons,
        assessment,
        loadMs: result.loadMs,
        pauseMs: 0,
        crash: result.crash ?? null,
      };
    }
    const transfer = request.transferOf(candidate, result.facts);
    const live = await lookAtValues(host, candidate, transfer);
    if (live.staleBase) {
      await host.discard([...staged.map((one) => one.candidate.module), module]);
      return { outcome: 'stale', reasons: [live] };
    }
    const assessment = live.ok
      ? request.confirm(candidate, result.facts, live.findings)
      : blocked(candidate.assessment, live);
    staged.push({ candidate, facts: result.facts, transfer, assessment, loadMs: result.loadMs });
    if (!request.accepts(assessment)) {
      await giveUp();
      const { reasons } = assessment;
      return { outcome: 'refused', module, reasons, assessment, loadMs: result.loadMs, pauseMs: 0, crash: null };
    }
  }

  await request.decided();
  const commit = await host.commit({
    modules: staged.map((one) => one.candidate.module),
    overrule: request.overrule,
    plans: plansOf(staged),
    returns: returnsOf(request, staged),
    replaces: Object.fromEntries(
      candidates.flatMap(({ module, replaces }) => (replaces === null ? [] : [[module, replaces]])),
    ),
  });
  if (!commit.ok && commit.staleBase)
    return { outcome: 'stale', reasons: [{ code: commit.code, message: commit.message }] };
  if (!commit.ok) {
    const { module, code, message, pauseMs } = commit;
    const loadMs = staged.reduce((sum, one) => sum + one.loadMs, 0);
    const crash = commit.crash ?? null;
    return { outcome: 'rolledBack', module, reasons: [{ code, message }], assessment: null, loadMs, pauseMs, crash };
  }
  return {
    outcome: 'switched',
    pauseMs: commit.pauseMs,
    modules: staged.map(({ candidate, facts, transfer, assessment, loadMs }) => {
      const committed = commit.modules.find((one) => one.module === candidate.module);
      return {
        module: candidate.module,
        facts,
        assessment: keepsOldImage(transfer, committed?.oldImageKept) ? withKeptImage(assessment) : assessment,
        loadMs,
        state: stateOf(transfer, committed?.state ?? noState),
      };
    }),
  };
}

interface Staged {
  readonly candidate: Candidate;
  readonly facts: ModuleFacts;
  readonly transfer: Transfer | null;
  readonly assessment: Assessment;
  readonly loadMs: number;
}

/** A plan without checks has nothing to ask, and asking would wait for a frame boundary. */
async function lookAtValues(
  host: Host,
  { module, replaces }: Candidate,
  transfer: Transfer | null,
): Promise<ProbeResult> {
  if (transfer === null || !transfer.checks) return { ok: true, staleBase: false, code: '', message: '', findings: [] };
  return host.probe({ module, transfer: transfer.request, ...(replaces === null ? {} : { replaces }) });
}

function plansOf(staged: readonly Staged[]): Readonly<Record<string, TransferRequest>> {
  return Object.fromEntries(
    staged.flatMap(({ candidate, transfer }) => (transfer === null ? [] : [[candidate.module, transfer.request]])),
  );
}

function returnsOf(
  { returnOf }: TransactionRequest,
  staged: readonly Staged[],
): Readonly<Record<string, TransferRequest>> {
  return Object.fromEntries(
    staged.flatMap(({ candidate, facts }) => {
      const way = returnOf(candidate, facts);
      return way === null ? [] : [[candidate.module, way]];
    }),
  );
}

/** The engine counts bytes; which variables they were is only known to who made the plan. */
export function stateOf(transfer: Transfer | null, counted: StateSummary): StateSummary {
  return transfer === null || transfer.request.what === 'saved' ? counted : transfer.summary;
}

/**
 * Whether saved bytes lead back into the version that left. Variables may: the engine keeps the old image as long as
 * anything points into it, and lets it go by itself.
 */
function keepsOldImage(transfer: Transfer | null, kept: boolean | undefined): boolean {
  return kept === true && transfer?.request.what !== 'variables';
}

/** Only the saved bytes themselves show that they point into the version that left. */
function withKeptImage(before: Assessment): Assessment {
  const reason = {
    level: 'WARNING',
    code: 'HM516',
    message: 'the saved state holds addresses inside the old version, whose image therefore stays in memory',
    recommendation: 'Save values in place of pointers into the module: no string literals, no function addresses.',
    where: '',
  } as const;
  if (before.level !== 'SAFE') return { ...before, reasons: [...before.reasons, reason] };
  return { ...before, level: 'WARNING', reasons: [reason] };
}

/** What cannot be loaded cannot work, whatever its file looked like. */
function blocked(before: Assessment, { code, message }: Pick<Finding, 'code' | 'message'>): Assessment {
  const level = 'BLOCKED';
  const reason = { level, code, message, recommendation: '', where: '' } as const;
  return { level, reasons: [reason], affected: before.affected };
}

export const noState: StateSummary = { bytes: 0, kept: 0, converted: 0, reset: 0, dropped: 0 };
