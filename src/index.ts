/** The public interface of hotmod as a library: configuration, sessions, and the types of what they say. */
export { defineConfig } from './config/define.js';
export { loadConfig } from './config/load.js';
export type {
  CrashAction,
  CrashPolicy,
  CrashReport,
  EndPolicy,
  ErrorClass,
  RecoveredReport,
  ResolvedConfig,
  ResolvedModule,
} from './config/resolved.js';
export type { UserConfig } from './config/schema.js';
export { HotmodError } from './errors.js';
export { type Bus, createBus, type Listener } from './events/bus.js';
export type {
  DecidedConflict,
  Diagnostic,
  EventOf,
  EventType,
  HotmodEvent,
  Level,
  Outcome,
  Reason,
  RecoveryCounts,
  RecoveryStatistics,
  StateSummary,
  Timings,
} from './events/events.js';
export { openHost } from './host/client.js';
export type { Host, HostOptions } from './host/host.js';
export type { BackTo } from './session/generations/go-back.js';
export type { RollbackOutcome } from './session/generations/rollback.js';
export type { Transaction, TransactionOptions, TransactionOutcome } from './session/transaction.js';
export { createSession, type RequestOptions, type Session, type SessionOptions } from './session.js';
