/** The Node that runs the host process, as `child_process.fork` is told. */
export interface HostProgram {
  readonly command: string;
  /** Before the host's own script. */
  readonly args: readonly string[];
  /** What the program itself needs, beside what modules are to see. */
  readonly env: Readonly<Record<string, string>>;
  /** The name of the emulator that runs it; empty where the processor does. */
  readonly emulator: string;
}

export const ownProgram: HostProgram = { command: process.execPath, args: [], env: {}, emulator: '' };
