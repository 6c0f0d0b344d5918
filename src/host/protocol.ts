import type {
  CallAnswer,
  CallRequest,
  CommitRequest,
  CommitResult,
  HostStats,
  Inheritance,
  KeptImage,
  ModuleFault,
  ModuleRecovered,
  ModuleView,
  ProbeRequest,
  ProbeResult,
  ReadRequest,
  ReadResult,
  RecoverySettings,
  RevertResult,
  StageRequest,
  StageResult,
  TrialRequest,
  TrialResult,
} from './host.js';

/** What the parent asks of the child. Sent over Node's IPC channel in its structured-clone form (`advanced`). */
export type HostCall =
  | { readonly call: 'stage'; readonly request: StageRequest }
  | { readonly call: 'commit'; readonly request: CommitRequest }
  | { readonly call: 'probe'; readonly request: ProbeRequest }
  | { readonly call: 'read'; readonly request: ReadRequest }
  | { readonly call: 'call'; readonly request: CallRequest }
  | { readonly call: 'try'; readonly request: TrialRequest }
  | { readonly call: 'inherit'; readonly file: string }
  | { readonly call: 'endInheritance' }
  | { readonly call: 'discard'; readonly modules: readonly string[] }
  | { readonly call: 'unload'; readonly module: string }
  | { readonly call: 'revert'; readonly module: string }
  | { readonly call: 'pause' }
  | { readonly call: 'resume' }
  | { readonly call: 'step'; readonly frames: number; readonly dt: number }
  | { readonly call: 'setRate'; readonly framesPerSecond: number }
  | { readonly call: 'setRecovery'; readonly settings: RecoverySettings }
  | { readonly call: 'stats' }
  | { readonly call: 'kept' }
  | { readonly call: 'views' }
  | { readonly call: 'close' };

/** The first message of all. */
export interface HostSetup {
  readonly type: 'setup';
  readonly engineLibrary: string;
  readonly runDir: string;
  readonly statusFile: string;
  /** Empty for none. */
  readonly copiesFile: string;
  readonly cleanUp: readonly string[];
  readonly groupsDir: string;
  readonly rate: number;
  readonly stepped: boolean;
  readonly recovery: RecoverySettings;
}

export type ParentMessage =
  | HostSetup
  /** Has the process send itself a signal: an emulator gives signals numbers of its own towards its outside. */
  | { readonly type: 'signal'; readonly number: number }
  | { readonly type: 'call'; readonly id: number; readonly call: HostCall };

export type HostAnswer =
  | { readonly answer: 'staged'; readonly result: StageResult }
  | { readonly answer: 'committed'; readonly result: CommitResult }
  | { readonly answer: 'probed'; readonly result: ProbeResult }
  | { readonly answer: 'bytes'; readonly result: ReadResult }
  | { readonly answer: 'called'; readonly result: CallAnswer }
  | { readonly answer: 'tried'; readonly result: TrialResult }
  | { readonly answer: 'inherited'; readonly result: Inheritance }
  | { readonly answer: 'reverted'; readonly result: RevertResult }
  | { readonly answer: 'stats'; readonly result: HostStats }
  | { readonly answer: 'kept'; readonly result: readonly KeptImage[] }
  | { readonly answer: 'views'; readonly result: readonly ModuleView[] }
  | { readonly answer: 'done' }
  /** The call itself could not be carried out: a copy that failed, a bug. */
  | { readonly answer: 'failed'; readonly message: string };

export type ChildMessage =
  | { readonly type: 'ready' }
  | { readonly type: 'unable'; readonly message: string }
  | { readonly type: 'fault'; readonly fault: ModuleFault }
  | { readonly type: 'recovered'; readonly recovered: ModuleRecovered }
  | { readonly type: 'answer'; readonly id: number; readonly answer: HostAnswer };

/**
 * Both ends come from the same package, so the type tag tells enough. Node's own messages on the channel carry other
 * tags or none.
 */
export function isParentMessage(message: unknown): message is ParentMessage {
  return hasType(message, ['setup', 'call', 'signal']);
}

export function isChildMessage(message: unknown): message is ChildMessage {
  return hasType(message, ['ready', 'unable', 'fault', 'recovered', 'answer']);
}

function hasType(message: unknown, types: readonly string[]): boolean {
  if (typeof message !== 'object' || message === null || !('type' in message)) return false;
  return typeof message.type === 'string' && types.includes(message.type);
}
