import { lne, lns } from './constants.js';
import { Cursor } from './cursor.js';
import { DebugInfoError } from './errors.js';
import { join, type LineHeader } from './line-header.js';
import type { DebugSections } from './sections.js';
import type { Place } from './types.js';

/** Which line of which source each piece of a unit's code comes from. */
export interface LineTable {
  /**
   * The line that an address of a linked file comes from; null outside of the table. The line is 0 for code that the
   * compiler made up and that comes from none.
   */
  placeAt(address: number): Place | null;
}

/** One stretch of code without gaps: its rows in the lists of all rows, and the address after its last byte. */
interface Sequence {
  readonly first: number;
  /** Position after its last row. */
  readonly last: number;
  readonly low: number;
  readonly high: number;
}

/** The rows of the whole table as parallel lists. Each opcode leaves one at most, so the section's size bounds them. */
interface Rows {
  readonly addresses: number[];
  readonly files: number[];
  readonly lines: number[];
}

/** The registers of the state machine that decide where an address comes from (section 6.2.2). */
interface Machine {
  address: number;
  operation: number;
  file: number;
  line: number;
}

/**
 * Runs a line number program (DWARF 5, section 6.2.5; the same opcodes since version 2). Sequences of code that the linker
 * discarded, which it gives the address 0 or one at the very top, are left out.
 *
 * @throws DebugInfoError `damaged`
 */
export function readLineProgram(sections: DebugSections, header: LineHeader, addressSize: number): LineTable {
  const rows: Rows = { addresses: [], files: [], lines: [] };
  const files = [...header.files];
  const sequences: Sequence[] = [];
  const bytes = sections.section('debug_line').subarray(0, header.end);
  const cursor = new Cursor(bytes, sections.littleEndian, header.start);
  const { opcodeBase, lineBase, lineRange, minInstructionLength, maxOperations } = header;
  if (lineRange === 0) throw new DebugInfoError('damaged', 'a line table divides by zero');

  let machine = newMachine();
  let first = 0;
  const advance = (operations: number): void => {
    if (maxOperations <= 1) {
      machine.address += minInstructionLength * operations;
      return;
    }
    const sum = machine.operation + operations;
    machine.address += minInstructionLength * Math.floor(sum / maxOperations);
    machine.operation = sum % maxOperations;
  };
  const addRow = (): void => {
    rows.addresses.push(machine.address);
    rows.files.push(machine.file);
    rows.lines.push(machine.line);
  };
  const endSequence = (): void => {
    const last = rows.addresses.length;
    const low = rows.addresses[first] ?? 0;
    const high = machine.address;
    if (last > first && isKept(low, addressSize) && high > low) sequences.push({ first, last, low, high });
    first = last;
    machine = newMachine();
  };

  const runExtended = (): void => {
    const length = cursor.uleb();
    const next = cursor.at + length;
    if (length === 0 || next > header.end) throw new DebugInfoError('damaged', 'an opcode of a line table has no end');
    switch (cursor.u8()) {
      case lne.endSequence:
        endSequence();
        break;
      case lne.setAddress:
        machine.address = cursor.unsigned(length - 1);
        machine.operation = 0;
        break;
      case lne.defineFile: {
        const name = cursor.string();
        files.push(join(header.folders[cursor.uleb()] ?? '', name));
        break;
      }
      default:
        break;
    }
    cursor.at = next;
  };

  const runStandard = (opcode: number): void => {
    switch (opcode) {
      case lns.copy:
        addRow();
        return;
      case lns.advancePc:
        advance(cursor.uleb());
        return;
      case lns.advanceLine:
        machine.line += Number(cursor.sleb());
        return;
      case lns.setFile:
        machine.file = cursor.uleb();
        return;
      case lns.constAddPc:
        advance(Math.floor((255 - opcodeBase) / lineRange));
        return;
      case lns.fixedAdvancePc:
        machine.address += cursor.u16();
        machine.operation = 0;
        return;
      default:
        // Columns, statements and prologues say nothing here; a later version's opcode says how many arguments it has.
        for (let left = header.argumentCounts[opcode] ?? 0; left > 0; left--) cursor.skipLeb();
    }
  };

  while (cursor.at < header.end) {
    const opcode = cursor.u8();
    if (opcode >= opcodeBase) {
      const adjusted = opcode - opcodeBase;
      advance(Math.floor(adjusted / lineRange));
      machine.line += lineBase + (adjusted % lineRange);
      addRow();
    } else if (opcode === 0) runExtended();
    else runStandard(opcode);
  }
  return tableOf(rows, sequences, files);
}

function newMachine(): Machine {
  return { address: 0, operation: 0, file: 1, line: 1 };
}

/** No code of a linked file lies at 0, which is where its header is, or at the top of all addresses. */
function isKept(low: number, addressSize: number): boolean {
  return low > 0 && low < (addressSize === 8 ? 2 ** 63 : 2 ** 32 - 2);
}

function tableOf(rows: Rows, sequences: readonly Sequence[], files: readonly string[]): LineTable {
  return {
    placeAt(address) {
      for (const sequence of sequences) {
        if (address < sequence.low || address >= sequence.high) continue;
        const row = lastUpTo(rows.addresses, sequence, address);
        return { file: files[rows.files[row] ?? 0] ?? '', line: Math.max(rows.lines[row] ?? 0, 0) };
      }
      return null;
    },
  };
}

/** Rows of a sequence are in the order of their addresses; of several with one address the last one holds. */
function lastUpTo(addresses: readonly number[], { first, last }: Sequence, address: number): number {
  let low = first;
  let high = last;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((addresses[middle] ?? 0) <= address) low = middle + 1;
    else high = middle;
  }
  return Math.max(low - 1, first);
}
