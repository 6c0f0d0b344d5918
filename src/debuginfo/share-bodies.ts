import { at } from './constants.js';
import { findDefinition, isDefinitionOf, readDeclaration } from './definitions.js';
import {
  definableEntries,
  definitionsIn,
  definitionsNamed,
  definitionsOf,
  forgetDefinitions,
} from './definitions-by-name.js';
import { DebugInfoError } from './errors.js';
import type { Located, OpenUnit, Program, UnitBody } from './program-types.js';
import { moveBody } from './unit-body.js';

/**
 * Gives units of a program the bodies of the same units in an earlier reading, where their types are the same too. What a
 * unit only declares is defined by whichever other units have a definition: so each of its declarations must find the
 * same definition in both programs, in a unit that shares its body as well. Units for which that does not hold are left
 * out until it holds for all that remain. It then holds for all programs that share a body, so that it does not matter
 * through which of them the body's declarations are followed later.
 *
 * @param likes bodies of the same units, each given once.
 * @returns how many units have the body of an earlier reading now.
 */
export function shareBodies(program: Program, likes: ReadonlyMap<OpenUnit, UnitBody>): number {
  if (likes.size === 0) return 0;
  const shared = new Map(likes);
  try {
    while (leaveOut(program, shared) > 0);
  } catch (error) {
    // Names are read here that nobody may have asked for. Where they cannot be read, nothing is shared.
    if (error instanceof DebugInfoError) return 0;
    throw error;
  }
  for (const [unit, body] of shared) {
    unit.body = body;
    moveBody(body, unit, program);
  }
  forgetDefinitions(program);
  return shared.size;
}

/** From bodies that units of the new program would have by themselves to those that they share. */
type Bodies = ReadonlyMap<UnitBody, UnitBody>;

/** Leaves out what cannot be shared as long as the rest is; returns how many these were. */
function leaveOut(program: Program, shared: Map<OpenUnit, UnitBody>): number {
  const before = shared.size;
  const bodies: Bodies = new Map([...shared].map(([unit, body]) => [unit.body, body]));
  const sameNames = new Map<Program, Map<string, boolean>>();
  const isSameName = (home: Program, name: string): boolean => {
    const ofHome = sameNames.get(home) ?? new Map<string, boolean>();
    sameNames.set(home, ofHome);
    const known =
      ofHome.get(name) ?? sameDefinitions(definitionsNamed(home, name), definitionsIn(program.units, name), bodies);
    ofHome.set(name, known);
    return known;
  };
  const drops: OpenUnit[] = [];
  for (const [unit, body] of shared) {
    const isSame = ({ name, offset }: Outer): boolean =>
      isSameName(body.program, name) || isSameDeclaration(unit, body, offset, bodies);
    if (!outerDeclarations(body).every(isSame)) drops.push(unit);
  }
  for (const unit of drops) shared.delete(unit);
  return before - shared.size;
}

/**
 * Whether a declaration means the same, whatever else goes by its name. In the new program its unit still has a body of
 * its own here.
 */
function isSameDeclaration(unit: OpenUnit, body: UnitBody, offset: number, bodies: Bodies): boolean {
  const before = definitionAt(body, offset);
  const after = definitionAt(unit.body, offset);
  return bodies.get(after.unit.body) === before.unit.body && after.entry.offset === before.entry.offset;
}

function definitionAt(body: UnitBody, offset: number): Located {
  return findDefinition(body.reader, body, body.program.entry(body, offset));
}

/** In shared units, at the same places, in the same order: of several alike the first is the one that counts. */
function sameDefinitions(
  before: readonly Located<UnitBody>[],
  after: readonly Located<UnitBody>[],
  bodies: Bodies,
): boolean {
  return (
    before.length === after.length &&
    before.every((one, n) => {
      const other = after[n];
      return other !== undefined && bodies.get(other.unit) === one.unit && other.entry.offset === one.entry.offset;
    })
  );
}

interface Outer {
  readonly name: string;
  readonly offset: number;
}

/** Declarations of a unit that it has no definition of itself. */
function outerDeclarations(body: UnitBody): readonly Outer[] {
  body.facts.outer ??= readOuter(body);
  return body.facts.outer;
}

function readOuter(body: UnitBody): readonly Outer[] {
  const { program } = body;
  const own = definitionsOf(body);
  const found: Outer[] = [];
  for (const entry of definableEntries(body)) {
    const declared = entry.flag(at.declaration) ? readDeclaration(program, body, entry) : null;
    if (declared === null || declared.hidden) continue;
    const { name } = declared;
    const nearest = own.has(name) && definitionsIn([body], name).some((one) => isDefinitionOf(program, declared, one));
    if (!nearest) found.push({ name, offset: entry.offset });
  }
  return found;
}
